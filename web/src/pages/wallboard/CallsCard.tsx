import { useTranslation } from 'react-i18next'

import { Card } from '@/components/Card'
import { count, perCent } from '@/lib/format'
import type { LiveCampaign } from '@/live/messages'

import bar from './AgentsCard.module.css'
import { stages } from './stages'
import styles from './Wallboard.module.css'

export function CallsCard({
  campaign,
  className,
}: {
  campaign: LiveCampaign
  className?: string | undefined
}) {
  const { t } = useTranslation()
  const { live, report } = campaign
  const dialed = live?.dialed ?? report?.attempts ?? 0
  return (
    <Card
      title={t('figures.calls')}
      className={className}
      aside={
        <span className={styles.note}>
          {t('figures.lines', { lines: count(live?.lines ?? 0), max: count(campaign.max_lines) })}
        </span>
      }
    >
      <dl className={`${bar.list ?? ''} ${bar.calls ?? ''}`}>
        {stages(live?.calls ?? {}).map(([stage, calls]) => (
          <div key={stage} className={bar.item}>
            <dt className={styles.note}>{t(`stage.${stage}`)}</dt>
            <dd className={styles.middle} data-testid={`calls-${stage}`}>
              {count(calls)}
            </dd>
          </div>
        ))}
        <div className={bar.item}>
          <dt className={styles.note}>
            {report
              ? t('figures.dialed', { share: perCent(report.contact_rate) })
              : t('figures.dialedOnly')}
          </dt>
          <dd className={styles.middle} data-testid="dialed">
            {count(dialed)}
          </dd>
        </div>
      </dl>
    </Card>
  )
}
