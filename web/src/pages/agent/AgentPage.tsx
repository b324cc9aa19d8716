import { Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

import { getAgent } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { AgentDetail } from '@/api/types'
import { isTalking } from '@/components/agentStates'
import { Timer } from '@/components/Timer'
import { useLive } from '@/live/hooks'
import { useSession } from '@/session/session'

import styles from './Agent.module.css'
import { AgentControls } from './AgentControls'
import { CallPanel } from './CallPanel'
import { CallTools } from './CallTools'
import { DispositionPanel } from './DispositionPanel'
import { WrapUp } from './WrapUp'

/** Where an agent works: one state, one person on the line, one word at the end. */
export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.myCalls') }))
  const agentId = useSession().data?.user.agent_id
  if (agentId === null) return <Text>{t('agent.noAgent')}</Text>
  return agentId === undefined ? null : <Desk agentId={agentId} />
}

function Desk({ agentId }: { agentId: string }) {
  const client = useQueryClient()
  const told = useLive((state) => state.agents[agentId])
  const query = useQuery({
    queryKey: ['agent', 'me'],
    queryFn: () => getAgent('me'),
    refetchInterval: 15_000,
  })
  // Who is on the line is not in the events: each change of the state asks for it.
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['agent', 'me'] })
  }, [client, told?.state, told?.attempt_id, told?.next])
  if (query.isError) return <Text role="alert">{inWords(query.error)}</Text>
  if (query.data === undefined) return null
  const detail = query.data
  // The socket is first with the state; the person belongs to the answer, if it is of the same call.
  const isSameCall = told === undefined || told.attempt_id === detail.attempt_id
  const { campaign, dispositions } = detail
  const call = isSameCall ? detail.call : null
  return <Page agent={{ ...detail, ...told, campaign, dispositions, call }} />
}

function Page({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation()
  const isInCall = isTalking(agent.state) || agent.state === 'wrap_up'
  const name = t(`agentState.${agent.state}`)
  return (
    <div className={styles.page}>
      <Title order={1}>
        <VisuallyHidden>{t('nav.myCalls')}</VisuallyHidden>
      </Title>
      <section
        className={`card ${styles.state ?? ''}`}
        data-state={agent.state}
        aria-label={t('agent.state')}
      >
        <div className={styles.bar} style={{ background: `var(--rm-${agent.state})` }} />
        <div>
          <div className={styles.name} role="status" data-testid="agent-state">
            {name}
          </div>
          <Text c="dimmed">
            {agent.next === 'pause' || agent.next === 'logout'
              ? t(`agent.next.${agent.next}`)
              : isTalking(agent.state) && agent.reason !== ''
                ? agent.reason
                : t(`agent.hint.${agent.state}`)}
          </Text>
        </div>
        <div className={styles.time}>
          {agent.state === 'wrap_up' && agent.campaign ? (
            <WrapUp since={agent.state_since} limitSeconds={agent.campaign.wrap_up_limit_seconds} />
          ) : (
            <Timer since={agent.state_since} />
          )}
        </div>
        <AgentControls agent={agent} />
      </section>
      <Stack gap="md" className={styles.work}>
        <CallPanel call={isInCall ? agent.call : null} state={agent.state} />
        {isTalking(agent.state) && agent.call && (
          <CallTools key={`tools ${agent.call.attempt_id}`} agent={agent} call={agent.call} />
        )}
        {isInCall && agent.call && (
          <DispositionPanel
            key={agent.call.attempt_id}
            attemptId={agent.call.attempt_id}
            words={agent.dispositions}
          />
        )}
      </Stack>
    </div>
  )
}
