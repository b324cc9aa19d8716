import { Table } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import { perCent } from '@/lib/format'

import type { Minute } from './minutes'
import styles from './Wallboard.module.css'

export function HourTable({ minutes }: { minutes: Minute[] }) {
  const { t } = useTranslation()
  return (
    <div className={styles.table} tabIndex={0} role="region" aria-label={t('hour.title')}>
      <Table stickyHeader className="figures" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('hour.minute')}</Table.Th>
            <Table.Th>{t('hour.attempts')}</Table.Th>
            <Table.Th>{t('hour.connected')}</Table.Th>
            <Table.Th>{t('hour.abandoned')}</Table.Th>
            <Table.Th>{t('hour.occupancy')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {minutes.toReversed().map((minute) => (
            <Table.Tr key={minute.at}>
              <Table.Td>{minute.time}</Table.Td>
              <Table.Td>{minute.attempts}</Table.Td>
              <Table.Td>{minute.connected}</Table.Td>
              <Table.Td>{minute.abandoned}</Table.Td>
              <Table.Td>{minute.occupancy === null ? '–' : perCent(minute.occupancy, 0)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
