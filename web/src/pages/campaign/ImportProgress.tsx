import { Alert, Button, Group, Progress, Stack, Table, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

import { getImport } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Import } from '@/api/types'
import { Stranger } from '@/components/Stranger'
import { count } from '@/lib/format'
import { useLive } from '@/live/hooks'

const SHOWN_ROWS = 20

interface Props {
  importId: string
  campaignId: string
  onAgain: () => void
}

/** Follows a file until it is in; the socket tells how far it is, the last answer has the refused rows. */
export function ImportProgress({ importId, campaignId, onAgain }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const told = useLive((state) => state.imports[importId])
  const query = useQuery({
    queryKey: ['import', importId],
    queryFn: () => getImport(importId),
    refetchInterval: ({ state }) => (isOver(state.data) ? false : 1000),
  })
  const asked = query.data
  const over = isOver(asked)
  useEffect(() => {
    if (!over) return
    void client.invalidateQueries({ queryKey: ['lists', campaignId] })
    void client.invalidateQueries({ queryKey: ['campaign', campaignId] })
  }, [over, client, campaignId])
  if (query.isError) return <Text role="alert">{inWords(query.error)}</Text>
  if (asked === undefined) return null
  const now = over ? asked : { ...asked, ...told }
  return (
    <Stack gap="sm">
      <Stranger text={now.file_name} clip />
      {!over && <Bar now={now} />}
      <Text role="status" fw={650} data-testid="import-state" data-state={now.state}>
        {over && now.state === 'done'
          ? t('import.done', { accepted: count(now.accepted), refused: count(now.refused) })
          : t(`importState.${now.state}`)}
      </Text>
      {now.detail && (
        <Alert color={now.state === 'failed' ? 'red' : 'blue'} variant="outline">
          {now.detail}
        </Alert>
      )}
      {over && now.refused > 0 && <Refused done={asked} />}
      {over && (
        <Group>
          <Button variant="default" onClick={onAgain}>
            {t('import.again')}
          </Button>
        </Group>
      )}
    </Stack>
  )
}

function isOver(found: Import | undefined): boolean {
  return found?.state === 'done' || found?.state === 'failed'
}

function Bar({ now }: { now: Import }) {
  const { t } = useTranslation()
  const share = now.rows_total ? Math.min(1, now.rows_done / now.rows_total) : 0
  return (
    <>
      <Progress value={100 * share} aria-label={t('import.progress')} />
      <Text size="sm" c="dimmed" className="figures">
        {now.rows_total
          ? t('import.rowsOf', { done: count(now.rows_done), total: count(now.rows_total) })
          : t('import.rows', { done: count(now.rows_done) })}
      </Text>
    </>
  )
}

function Refused({ done }: { done: Import }) {
  const { t } = useTranslation()
  return (
    <>
      <Group justify="space-between">
        <Text size="sm">
          {Object.entries(done.by_reason)
            .map(([code, rows]) => `${code.replaceAll('_', ' ')}: ${count(rows)}`)
            .join(' · ')}
        </Text>
        <Button
          component="a"
          href={`/v1/imports/${done.id}/refused.csv`}
          download
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} />}
        >
          {t('import.download')}
        </Button>
      </Group>
      <Table verticalSpacing={4} captionSide="bottom">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('import.line')}</Table.Th>
            <Table.Th>{t('import.reason')}</Table.Th>
            <Table.Th>{t('import.value')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {done.refused_rows.slice(0, SHOWN_ROWS).map((row) => (
            <Table.Tr key={row.line}>
              <Table.Td className="figures">{row.line}</Table.Td>
              <Table.Td>
                <Stranger text={row.detail} />
              </Table.Td>
              <Table.Td maw={160}>
                <Stranger text={row.value} clip />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {done.refused > SHOWN_ROWS && (
        <Text size="sm" c="dimmed">
          {t('import.firstOnly', { count: SHOWN_ROWS })}
        </Text>
      )}
    </>
  )
}
