import { useTranslation } from 'react-i18next'

import type { AgentState, CampaignState } from '@/api/types'

import styles from './StateLabel.module.css'

/** Never colour alone: the word carries the state, the mark helps the eye. */
export function AgentStateLabel({ state }: { state: AgentState }) {
  const { t } = useTranslation()
  return (
    <span className={styles.label}>
      <span className={styles.mark} style={{ background: `var(--rm-${state})` }} />
      {t(`agentState.${state}`)}
    </span>
  )
}

const CAMPAIGN_COLOUR: Record<CampaignState, string> = {
  draft: 'var(--rm-logged_out)',
  running: 'var(--rm-talking)',
  paused: 'var(--rm-ready)',
  winding_down: 'var(--rm-reserved)',
  stopped: 'var(--rm-paused)',
}

export function CampaignStateLabel({ state }: { state: CampaignState }) {
  const { t } = useTranslation()
  return (
    <span
      className={`${styles.label} ${styles.pill}`}
      data-testid="campaign-state"
      data-state={state}
    >
      <span className={styles.mark} style={{ background: CAMPAIGN_COLOUR[state] }} />
      {t(`campaignState.${state}`)}
    </span>
  )
}
