import { useTranslation } from 'react-i18next'

import type { Report } from '@/api/types'
import { Card } from '@/components/Card'
import { count, decimal, perCent } from '@/lib/format'

import styles from './Wallboard.module.css'

export function BigFigures({ report }: { report: Report | null }) {
  const { t } = useTranslation()
  const hours = (report?.available_seconds ?? 0) / 3600
  return (
    <>
      <Card title={t('figures.talk')} className={styles.talk}>
        <div className={styles.big} data-testid="talk">
          {report && hours > 0 ? decimal(report.talk_minutes_per_agent_hour) : '–'}
          <span className={styles.unit}>{t('figures.talkUnit')}</span>
        </div>
        <div className={styles.note}>{t('figures.talkNote', { hours: decimal(hours) })}</div>
      </Card>
      <Card title={t('figures.occupancy')} className={styles.occupancy}>
        <div className={styles.big} data-testid="occupancy">
          {report && hours > 0 ? perCent(report.occupancy) : '–'}
        </div>
        <div className={styles.note}>
          {report &&
            t('figures.connected', { count: report.connected, shown: count(report.connected) })}
        </div>
      </Card>
    </>
  )
}
