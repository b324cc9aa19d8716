import { Group, Select, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { AgentState } from '@/api/types'
import { AGENT_STATES } from '@/components/agentStates'
import { useShortcuts } from '@/components/shortcuts'
import { plainText } from '@/lib/format'
import { useLive } from '@/live/hooks'

import { AgentTable } from './AgentTable'
import { filtered, type Sort, sorted } from './order'

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.agents') }))
  const agents = useLive((state) => state.agents)
  const campaigns = useLive((state) => state.campaigns)
  const [state, setState] = useState<string | null>(null)
  const [campaign, setCampaign] = useState<string | null>(null)
  const [search, setSearch] = useState('')
  const [sort, setSort] = useState<Sort>({ by: 'name', down: false })
  const field = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: '/', label: t('agents.search'), run: () => field.current?.focus() }])

  const all = Object.values(agents)
  const names = Object.fromEntries(Object.values(campaigns).map(({ id, name }) => [id, name]))
  const shown = sorted(
    filtered(all, { state: state as AgentState | null, campaign, search }),
    sort,
    names,
  )
  return (
    <>
      <Group justify="space-between" mb="md" gap="sm">
        <Group gap="sm" align="baseline">
          <Title order={1} size="h3">
            {t('nav.agents')}
          </Title>
          <Text size="sm" c="dimmed" role="status">
            {t('agents.shown', { shown: shown.length, count: all.length })}
          </Text>
        </Group>
        <Group gap="sm">
          <TextInput
            ref={field}
            aria-label={t('agents.search')}
            placeholder={t('agents.search')}
            leftSection={<IconSearch size={16} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Select
            aria-label={t('agents.state')}
            placeholder={t('agents.anyState')}
            clearable
            w={160}
            data={AGENT_STATES.map((value) => ({ value, label: t(`agentState.${value}`) }))}
            value={state}
            onChange={setState}
          />
          <Select
            aria-label={t('agents.campaign')}
            placeholder={t('agents.anyCampaign')}
            clearable
            w={200}
            data={Object.values(campaigns).map(({ id, name }) => ({
              value: id,
              label: plainText(name).slice(0, 80),
            }))}
            value={campaign}
            onChange={setCampaign}
          />
        </Group>
      </Group>
      {all.length === 0 ? (
        <Text c="dimmed">{t('agents.none')}</Text>
      ) : (
        <AgentTable agents={shown} names={names} sort={sort} onSort={setSort} />
      )}
    </>
  )
}
