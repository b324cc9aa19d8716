import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { getLimits } from '@/api/endpoints'
import type { Limits } from '@/api/types'
import { Card } from '@/components/Card'
import { moment, perCent } from '@/lib/format'
import type { LiveCampaign } from '@/live/messages'

import { AbandonScale } from './AbandonScale'
import { judge } from './scale'
import styles from './Wallboard.module.css'

const ASK_EVERY_MS = 5000

export function useLimits(campaignId: string) {
  return useQuery({
    queryKey: ['limits', campaignId],
    queryFn: () => getLimits(campaignId),
    refetchInterval: ASK_EVERY_MS,
  })
}

/** The rate never stands without its counts, its interval and its window. */
export function AbandonCard({
  campaign,
  className,
}: {
  campaign: LiveCampaign
  className?: string | undefined
}) {
  const { t } = useTranslation()
  const { report, target, cap } = campaign
  const budget = useLimits(campaign.id).data?.budget
  const hasRate = report !== null && report.live_answers > 0
  const verdict = hasRate ? judge(report.abandon_rate, target, cap) : 'none'
  return (
    <Card title={t('figures.abandonRate')} className={className}>
      <div className={styles.row}>
        <div className={styles.big} data-testid="abandon-rate">
          {hasRate ? perCent(report.abandon_rate) : '–'}
        </div>
        <div className={styles.note}>
          <div data-verdict={verdict} style={{ color: VERDICT_COLOUR[verdict], fontWeight: 650 }}>
            {t(`abandon.${verdict}`)}
          </div>
          {hasRate && (
            <div>
              {t('abandon.interval', {
                low: perCent(report.abandon_low),
                high: perCent(report.abandon_high),
              })}
              <br />
              {t('abandon.of', { abandoned: report.abandoned, count: report.live_answers })}
            </div>
          )}
        </div>
      </div>
      <AbandonScale
        rate={hasRate ? report.abandon_rate : null}
        low={report?.abandon_low ?? 0}
        high={report?.abandon_high ?? 0}
        target={target}
        cap={cap}
      />
      {budget && <LegalWindow budget={budget} />}
    </Card>
  )
}

const VERDICT_COLOUR = {
  none: 'var(--mantine-color-dimmed)',
  within: 'var(--rm-good)',
  aboveTarget: 'var(--rm-warn)',
  aboveCap: 'var(--rm-bad)',
} as const

function LegalWindow({ budget }: { budget: Limits['budget'] }) {
  const { t } = useTranslation()
  return (
    <div className={styles.note}>
      {budget.answered > 0
        ? t('abandon.window', {
            time: moment(budget.window_start),
            rate: perCent(budget.rate),
            low: perCent(budget.low),
            high: perCent(budget.high),
            abandoned: budget.abandoned,
            count: budget.answered,
          })
        : t('abandon.windowEmpty', { time: moment(budget.window_start) })}
    </div>
  )
}
