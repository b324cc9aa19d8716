import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import { Card } from '@/components/Card'
import { limitHelp, limitText } from '@/components/limits'
import { count, moment, decimal, perCent } from '@/lib/format'
import type { LiveCampaign } from '@/live/messages'

import { useLimits } from '../wallboard/AbandonCard'
import styles from './Campaign.module.css'

/** Why it dials no faster: the reason, and the figures behind it. */
export function WhyCard({ campaign }: { campaign: LiveCampaign }) {
  const { t } = useTranslation()
  const limits = useLimits(campaign.id).data
  if (limits === undefined) return <Card title={t('why.title')}>{null}</Card>
  const live = campaign.live?.stale ? null : campaign.live
  const code = live?.limited_by ?? limits.limited_by
  const { figures, leads } = limits
  const shown = (value: number | null, format: (value: number) => string) =>
    value === null ? '–' : format(value)
  const facts: [string, string][] = [
    [t('why.lines'), `${shown(figures.lines, count)} / ${count(figures.max_lines)}`],
    [t('why.callsPerSecond'), decimal(figures.calls_per_second, 0)],
    [t('why.freeAgents'), shown(figures.free_agents, (value) => decimal(value))],
    [t('why.expectedAnswers'), shown(figures.expected_answers, (value) => decimal(value))],
    [t('why.risk'), shown(figures.abandon_risk, (value) => perCent(value, 2))],
    [t('why.waiting'), shown(figures.waiting, count)],
    [t('why.lag'), shown(figures.switch_lag_p95_ms, (value) => `${decimal(value, 0)} ms`)],
    [t('why.due'), count(leads.due)],
    [t('why.outOfHours'), count(leads.hours)],
    [t('why.rules'), count(leads.rules)],
    [t('why.retry'), count(leads.retry)],
    [t('why.nextDue'), leads.next_due_at ? moment(leads.next_due_at) : '–'],
  ]
  return (
    <Card title={t('why.title')}>
      <div aria-live="polite">
        <p className={styles.sentence} data-testid="why">
          {limitText(t, code)}
        </p>
        <Text size="sm" c="dimmed" mb="md">
          {limitHelp(t, code)}
        </Text>
      </div>
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
