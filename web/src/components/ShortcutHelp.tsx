import { Group, Modal, Stack, Switch, Table } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { allShortcuts, shortcutsAreOn, switchShortcuts } from './shortcuts'

export function ShortcutHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Help />
    </Modal>
  )
}

function Help() {
  const { t } = useTranslation()
  const [on, setOn] = useState(shortcutsAreOn)
  return (
    <Stack>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {allShortcuts().map(({ keys, label }) => (
            <Table.Tr key={keys}>
              <Table.Td w={90}>
                <Group gap={4}>
                  {keys.split(' ').map((key, index) => (
                    <kbd key={index}>{key}</kbd>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>{label}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Switch
        checked={on}
        label={t('shortcuts.on')}
        description={t('shortcuts.onHint')}
        onChange={(event) => {
          switchShortcuts(event.currentTarget.checked)
          setOn(event.currentTarget.checked)
        }}
      />
    </Stack>
  )
}
