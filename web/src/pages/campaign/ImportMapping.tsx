import {
  Alert,
  Button,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { ImportOptions, Preview } from '@/api/types'
import { Stranger } from '@/components/Stranger'
import { plainText } from '@/lib/format'

import styles from './Import.module.css'
import { assign, guessed, problemOf, ROLES, toOptions } from './mapping'
import { countries, likelyCountry, timezones } from './places'

interface Props {
  fileName: string
  preview: Preview
  sending: boolean
  onCancel: () => void
  onSend: (options: ImportOptions) => void
}

/** The head of the file with a choice above each column. */
export function ImportMapping({ fileName, preview, sending, onCancel, onSend }: Props) {
  const { t } = useTranslation()
  const { columns, rows } = preview
  const [mapping, setMapping] = useState(() => guessed(preview))
  const [listName, setListName] = useState(() => plainText(fileName).slice(0, 200))
  const [region, setRegion] = useState(likelyCountry)
  const [timezone, setTimezone] = useState<string | null>(null)
  const problem = problemOf(columns, mapping)
  const places = useMemo(() => ({ countries: countries(), zones: timezones() }), [])
  const choices = [...ROLES, 'field' as const].map((value) => ({
    value,
    label: t(`columnRole.${value}`),
  }))
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('import.read', { encoding: preview.encoding, rows: rows.length })}
      </Text>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('import.preview')}>
        <Table withColumnBorders verticalSpacing={4} className={styles.table}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column, index) => (
                <Table.Th key={index} scope="col">
                  <Stranger text={column} clip />
                  <Select
                    size="xs"
                    mt={4}
                    allowDeselect={false}
                    aria-label={t('import.columnIs', { column: plainText(column).slice(0, 60) })}
                    data={choices}
                    value={mapping[index] ?? 'field'}
                    onChange={(role) => role && setMapping(assign(mapping, index, role))}
                  />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, 5).map((row, line) => (
              <Table.Tr key={line}>
                {columns.map((_, index) => (
                  <Table.Td key={index}>
                    <Stranger text={row[index] ?? ''} clip />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {problem !== null && (
        <Alert color="orange" variant="outline" role="status">
          {t(`import.${problem}`)}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TextInput
          label={t('import.listName')}
          value={listName}
          maxLength={200}
          onChange={(event) => setListName(event.currentTarget.value)}
        />
        <Select
          label={t('import.region')}
          searchable
          allowDeselect={false}
          data={places.countries}
          value={region}
          onChange={(code) => code && setRegion(code)}
        />
        <Select
          label={t('import.timezone')}
          placeholder={t('import.timezoneNone')}
          searchable
          clearable
          limit={60}
          data={places.zones}
          value={timezone}
          onChange={setTimezone}
        />
      </SimpleGrid>
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {t('common.cancel')}
        </Button>
        <Button
          loading={sending}
          disabled={problem !== null}
          onClick={() => onSend(toOptions(columns, mapping, { listName, region, timezone }))}
        >
          {t('import.submit')}
        </Button>
      </Group>
    </Stack>
  )
}
