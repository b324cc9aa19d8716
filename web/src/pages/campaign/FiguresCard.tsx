import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import type { Report } from '@/api/types'
import { Card } from '@/components/Card'
import { count, moment, decimal, perCent } from '@/lib/format'

import styles from './Campaign.module.css'

export function FiguresCard({ report }: { report: Report | null }) {
  const { t } = useTranslation()
  if (report === null) {
    return (
      <Card title={t('report.title')}>
        <Text c="dimmed">{t('wallboard.noPeriod')}</Text>
      </Card>
    )
  }
  const facts: [string, string][] = [
    [t('report.attempts'), count(report.attempts)],
    [t('report.contactRate'), perCent(report.contact_rate)],
    [t('report.answers'), count(report.live_answers)],
    [t('report.connected'), count(report.connected)],
    [t('report.abandoned'), count(report.abandoned)],
    [t('report.endedBefore'), count(report.ended_before_agent)],
    [t('figures.occupancy'), perCent(report.occupancy)],
    [t('figures.talk'), `${decimal(report.talk_minutes_per_agent_hour)} ${t('figures.talkUnit')}`],
  ]
  return (
    <Card title={t('report.title')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('wallboard.period', { time: moment(report.since) })}
      </Text>
      <dl className={styles.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
