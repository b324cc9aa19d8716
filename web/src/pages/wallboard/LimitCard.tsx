import { useTranslation } from 'react-i18next'

import { Card } from '@/components/Card'
import { limitText } from '@/components/limits'
import { decimal } from '@/lib/format'
import type { LiveCampaign } from '@/live/messages'

import styles from './Wallboard.module.css'

/** Why the dialer does not dial faster, as a sentence. */
export function LimitCard({
  campaign,
  className,
}: {
  campaign: LiveCampaign
  className?: string | undefined
}) {
  const { t } = useTranslation()
  const live = campaign.live?.stale ? null : campaign.live
  return (
    <Card title={t('figures.limitedBy')} className={className}>
      <p
        className={styles.sentence}
        style={{ margin: 0 }}
        aria-live="polite"
        data-testid="limited-by"
      >
        {live ? limitText(t, live.limited_by) : t('limits.noDialer')}
      </p>
      {live && (
        <div className={styles.note} style={{ marginTop: 8 }}>
          {t('figures.forecast', {
            answers: decimal(live.expected_answers),
            agents: decimal(live.free_agents),
          })}
        </div>
      )}
    </Card>
  )
}
