import { Table, UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'

import type { Agent } from '@/api/types'
import { AgentStateLabel } from '@/components/StateLabel'
import { Stranger } from '@/components/Stranger'
import { Timer } from '@/components/Timer'

import { AgentActions } from './AgentActions'
import styles from './Agents.module.css'
import { type Column, type Sort, sortedBy } from './order'

interface Props {
  agents: Agent[]
  names: Record<string, string>
  sort: Sort
  onSort: (sort: Sort) => void
}

export function AgentTable({ agents, names, sort, onSort }: Props) {
  const { t } = useTranslation()
  const head = (by: Column) => (
    <Head label={t(`agents.column.${by}`)} by={by} sort={sort} onSort={onSort} />
  )
  return (
    <div className={`card ${styles.card ?? ''}`}>
      <Table.ScrollContainer minWidth={820}>
        <Table horizontalSpacing="md" verticalSpacing={6} highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              {head('name')}
              {head('state')}
              {head('time')}
              {head('campaign')}
              <Table.Th>{t('agents.note')}</Table.Th>
              <Table.Th>{t('agents.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {agents.map((agent) => (
              <Row key={agent.id} agent={agent} campaign={names[agent.campaign_id ?? ''] ?? ''} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  )
}

interface HeadProps {
  label: string
  by: Column
  sort: Sort
  onSort: (sort: Sort) => void
}

function Head({ label, by, sort, onSort }: HeadProps) {
  const isOn = sort.by === by
  const Icon = !isOn ? IconArrowsSort : sort.down ? IconArrowDown : IconArrowUp
  return (
    <Table.Th aria-sort={!isOn ? 'none' : sort.down ? 'descending' : 'ascending'}>
      <UnstyledButton className={styles.head ?? ''} onClick={() => onSort(sortedBy(sort, by))}>
        {label}
        <Icon size={14} aria-hidden />
      </UnstyledButton>
    </Table.Th>
  )
}

/** Only a row whose agent has changed is drawn again; the timer lives by itself. */
const Row = memo(function Row({ agent, campaign }: { agent: Agent; campaign: string }) {
  const { t } = useTranslation()
  const next =
    agent.next === 'pause' || agent.next === 'logout' ? t(`agents.next.${agent.next}`) : ''
  return (
    <Table.Tr data-testid="agent-row">
      <Table.Td maw={260}>
        <b>
          <Stranger text={agent.name} clip />
        </b>
      </Table.Td>
      <Table.Td>
        <AgentStateLabel state={agent.state} />
      </Table.Td>
      <Table.Td>
        <Timer since={agent.state_since} />
      </Table.Td>
      <Table.Td maw={220}>
        <Stranger text={campaign} clip />
      </Table.Td>
      <Table.Td maw={220}>
        <Stranger text={[agent.reason, next].filter(Boolean).join(' · ')} clip />
      </Table.Td>
      <Table.Td>
        <AgentActions agent={agent} />
      </Table.Td>
    </Table.Tr>
  )
})
