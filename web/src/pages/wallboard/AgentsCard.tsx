import { useTranslation } from 'react-i18next'

import type { AgentState, Live } from '@/api/types'
import { AGENT_STATES } from '@/components/agentStates'
import { Card } from '@/components/Card'
import { count } from '@/lib/format'

import styles from './Wallboard.module.css'
import bar from './AgentsCard.module.css'

export function AgentsCard({
  live,
  className,
}: {
  live: Live | null
  className?: string | undefined
}) {
  const { t } = useTranslation()
  const of = (state: AgentState) => live?.agents[state] ?? 0
  const signedIn = AGENT_STATES.filter((state) => state !== 'logged_out')
  const total = signedIn.reduce((sum, state) => sum + of(state), 0)
  // The four of the ordinary round always keep their place; the others come when somebody is in them.
  const shown = signedIn.filter((state) => ALWAYS.includes(state) || of(state) > 0)
  return (
    <Card
      title={t('figures.agents')}
      className={className}
      aside={<span className={styles.note}>{t('figures.loggedIn', { count: total })}</span>}
    >
      <div className={bar.bar} aria-hidden>
        {signedIn.map((state) => (
          <div
            key={state}
            style={{ flexGrow: of(state), background: `var(--rm-${state})` }}
            hidden={of(state) === 0}
          />
        ))}
      </div>
      <dl className={`${styles.row ?? ''} ${bar.list ?? ''}`}>
        {shown.map((state) => (
          <div key={state} className={bar.item}>
            <dt className={styles.note}>
              <span className={bar.mark} style={{ background: `var(--rm-${state})` }} />
              {t(`agentState.${state}`)}
            </dt>
            <dd className={styles.middle} data-testid={`agents-${state}`}>
              {count(of(state))}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

const ALWAYS: AgentState[] = ['talking', 'wrap_up', 'ready', 'paused']
