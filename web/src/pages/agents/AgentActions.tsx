import { ActionIcon, Group, Tooltip } from '@mantine/core'
import { IconLogout, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'

import { logOut, pause, ready } from '@/api/endpoints'
import type { Agent } from '@/api/types'
import { useAgentCommand } from '@/components/useAgentCommand'
import { plainText } from '@/lib/format'

type Action = 'pause' | 'ready' | 'logout'

export function AgentActions({ agent }: { agent: Agent }) {
  const { t } = useTranslation()
  const name = plainText(agent.name).slice(0, 60)
  const act = useAgentCommand(
    agent.id,
    (action: Action) => {
      if (action === 'pause') return pause(agent.id, t('agents.bySupervisor'))
      return action === 'ready' ? ready(agent.id) : logOut(agent.id)
    },
    (action) => t(`agents.done.${action}`, { name }),
  )
  if (agent.state === 'logged_out') return null
  const isOut = agent.state === 'paused' || agent.next === 'pause'
  const main: Action = isOut ? 'ready' : 'pause'
  const button = (action: Action, Icon: typeof IconLogout) => (
    <Tooltip label={t(`agents.action.${action}`)}>
      <ActionIcon
        variant="default"
        aria-label={t(`agents.actionFor.${action}`, { name })}
        loading={act.isPending && act.variables === action}
        onClick={() => act.mutate(action)}
      >
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  )
  return (
    <Group gap={6} wrap="nowrap">
      {button(main, isOut ? IconPlayerPlay : IconPlayerPause)}
      {button('logout', IconLogout)}
    </Group>
  )
}
