import { Button, Group, TextInput } from '@mantine/core'
import {
  IconMicrophone,
  IconMicrophoneOff,
  IconPlayerPause,
  IconPlayerPlay,
} from '@tabler/icons-react'
import { type SyntheticEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { hold, mute, sendDigits, transferOut } from '@/api/endpoints'
import type { AgentDetail } from '@/api/types'
import { Card } from '@/components/Card'
import { useShortcuts } from '@/components/shortcuts'
import { useAgentCommand } from '@/components/useAgentCommand'
import { useCommand } from '@/components/useCommand'

import { Transfer } from './Transfer'

interface Props {
  agent: AgentDetail
  call: NonNullable<AgentDetail['call']>
}

/** What can be done while somebody is on the line. */
export function CallTools({ agent, call }: Props) {
  const { t } = useTranslation()
  const keysField = useRef<HTMLInputElement>(null)
  const id = call.attempt_id
  const isHeld = agent.state === 'on_hold'
  const holding = useAgentCommand(
    'me',
    (on: boolean) => hold('me', id, on),
    (on) => t(on ? 'agent.done.hold' : 'agent.done.unhold'),
  )
  const muting = useAgentCommand(
    'me',
    (on: boolean) => mute('me', id, on),
    (on) => t(on ? 'agent.done.mute' : 'agent.done.unmute'),
  )
  const holdLabel = t(isHeld ? 'agent.unhold' : 'agent.hold')
  const muteLabel = t(agent.muted ? 'agent.unmute' : 'agent.mute')
  useShortcuts([
    { keys: 'h o', label: holdLabel, run: () => !holding.isPending && holding.mutate(!isHeld) },
    { keys: 'm', label: muteLabel, run: () => !muting.isPending && muting.mutate(!agent.muted) },
    { keys: 'k', label: t('agent.keys'), run: () => keysField.current?.focus() },
  ])
  return (
    <Card title={t('agent.tools')}>
      <Group gap="xs" align="flex-end">
        <Button
          variant={isHeld ? 'filled' : 'default'}
          leftSection={isHeld ? <IconPlayerPlay size={18} /> : <IconPlayerPause size={18} />}
          rightSection={<kbd aria-hidden>h o</kbd>}
          loading={holding.isPending}
          onClick={() => holding.mutate(!isHeld)}
        >
          {holdLabel}
        </Button>
        <Button
          variant={agent.muted ? 'filled' : 'default'}
          leftSection={agent.muted ? <IconMicrophone size={18} /> : <IconMicrophoneOff size={18} />}
          rightSection={<kbd aria-hidden>m</kbd>}
          loading={muting.isPending}
          onClick={() => muting.mutate(!agent.muted)}
        >
          {muteLabel}
        </Button>
        <Transfer attemptId={id} />
        <Keys attemptId={id} field={keysField} />
        <Outside attemptId={id} />
      </Group>
    </Card>
  )
}

function Keys({
  attemptId,
  field,
}: {
  attemptId: string
  field: React.RefObject<HTMLInputElement | null>
}) {
  const { t } = useTranslation()
  const [keys, setKeys] = useState('')
  const press = useCommand(
    (digits: string) => sendDigits('me', attemptId, digits),
    (digits) => t('agent.done.keys', { keys: digits }),
  )
  const send = (event: SyntheticEvent) => {
    event.preventDefault()
    if (keys !== '') press.mutate(keys, { onSuccess: () => setKeys('') })
  }
  return (
    <form onSubmit={send}>
      <Group gap="xs" align="flex-end">
        <TextInput
          ref={field}
          label={t('agent.keys')}
          placeholder={t('agent.keysHint')}
          rightSection={<kbd aria-hidden>k</kbd>}
          inputMode="tel"
          autoComplete="off"
          maxLength={32}
          value={keys}
          onChange={(event) =>
            setKeys(event.currentTarget.value.toUpperCase().replace(/[^0-9*#A-D]/g, ''))
          }
        />
        <Button type="submit" variant="default" loading={press.isPending} disabled={keys === ''}>
          {t('agent.sendKeys')}
        </Button>
      </Group>
    </form>
  )
}

function Outside({ attemptId }: { attemptId: string }) {
  const { t } = useTranslation()
  const [number, setNumber] = useState('')
  const go = useCommand(
    (given: string) => transferOut('me', attemptId, given),
    (given) => t('agent.done.transferOut', { number: given }),
  )
  const isWhole = /^\+[1-9][0-9]{5,14}$/.test(number)
  const send = (event: SyntheticEvent) => {
    event.preventDefault()
    if (isWhole) go.mutate(number, { onSuccess: () => setNumber('') })
  }
  return (
    <form onSubmit={send}>
      <Group gap="xs" align="flex-end">
        <TextInput
          label={t('agent.toNumber')}
          placeholder={t('agent.numberHint')}
          inputMode="tel"
          autoComplete="off"
          maxLength={16}
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value.replace(/[^0-9+]/g, ''))}
        />
        <Button type="submit" variant="default" loading={go.isPending} disabled={!isWhole}>
          {t('agent.dial')}
        </Button>
      </Group>
    </form>
  )
}
