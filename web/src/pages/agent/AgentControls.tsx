import { Button, Group, Menu } from '@mantine/core'
import { IconLogout, IconPhoneOff, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { hangUp, logOut, pause, ready } from '@/api/endpoints'
import type { AgentDetail } from '@/api/types'
import { isTalking } from '@/components/agentStates'
import { useShortcuts } from '@/components/shortcuts'
import { useAgentCommand } from '@/components/useAgentCommand'

import { LogIn } from './LogIn'

const REASONS = ['meal', 'break', 'meeting', 'training', 'other'] as const

export function AgentControls({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation()
  const [menuOpen, setMenuOpen] = useState(false)
  const goOn = useAgentCommand(
    'me',
    () => ready('me'),
    () => t('agent.done.ready'),
  )
  const stop = useAgentCommand(
    'me',
    (reason: string) => pause('me', reason),
    () => t('agent.done.pause'),
  )
  const leave = useAgentCommand(
    'me',
    () => logOut('me'),
    () => t('agent.done.logout'),
  )
  const cut = useAgentCommand(
    'me',
    (attemptId: string) => hangUp('me', attemptId),
    () => t('agent.done.hangUp'),
  )
  const isOut = agent.state === 'logged_out'
  const canGoOn = agent.state === 'paused' || agent.state === 'wrap_up' || agent.next === 'pause'
  const canPause = !isOut && agent.state !== 'paused' && agent.next === ''
  const inHand = isTalking(agent.state) ? agent.attempt_id : null
  useShortcuts([
    { keys: 'h u', label: t('agent.hangUp'), run: () => inHand !== null && cut.mutate(inHand) },
    { keys: 'r', label: t('agent.ready'), run: () => canGoOn && goOn.mutate(undefined) },
    { keys: 'p', label: t('agent.pause'), run: () => canPause && setMenuOpen(true) },
  ])
  if (isOut) return <LogIn agent={agent} />
  return (
    <Group gap="xs">
      {inHand !== null && (
        <Button
          color="red"
          leftSection={<IconPhoneOff size={18} />}
          rightSection={<kbd aria-hidden>h u</kbd>}
          loading={cut.isPending}
          onClick={() => cut.mutate(inHand)}
        >
          {t('agent.hangUp')}
        </Button>
      )}
      {canGoOn && (
        <Button
          leftSection={<IconPlayerPlay size={18} />}
          rightSection={<kbd aria-hidden>r</kbd>}
          loading={goOn.isPending}
          onClick={() => goOn.mutate(undefined)}
        >
          {t('agent.ready')}
        </Button>
      )}
      {canPause && (
        <Menu opened={menuOpen} onChange={setMenuOpen} position="bottom-end">
          <Menu.Target>
            <Button
              variant="default"
              leftSection={<IconPlayerPause size={18} />}
              rightSection={<kbd aria-hidden>p</kbd>}
              loading={stop.isPending}
            >
              {t('agent.pause')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t('agent.why')}</Menu.Label>
            {REASONS.map((reason) => (
              <Menu.Item key={reason} onClick={() => stop.mutate(t(`reason.${reason}`))}>
                {t(`reason.${reason}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {agent.next !== 'logout' && (
        <Button
          variant="default"
          leftSection={<IconLogout size={18} />}
          loading={leave.isPending}
          onClick={() => leave.mutate(undefined)}
        >
          {t('agent.logout')}
        </Button>
      )}
    </Group>
  )
}
