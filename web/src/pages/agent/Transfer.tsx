import { Button, Menu } from '@mantine/core'
import { IconArrowForwardUp } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { getColleagues, transferTo } from '@/api/endpoints'
import { Stranger } from '@/components/Stranger'
import { useShortcuts } from '@/components/shortcuts'
import { useCommand } from '@/components/useCommand'
import { plainText } from '@/lib/format'

/** Hands the conversation to somebody who is ready. */
export function Transfer({ attemptId }: { attemptId: string }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const query = useQuery({
    queryKey: ['colleagues', 'me'],
    queryFn: () => getColleagues('me'),
    enabled: open,
    refetchInterval: 2000,
  })
  const go = useCommand(
    (to: { id: string; name: string }) => transferTo('me', attemptId, to.id),
    ({ name }) => t('agent.done.transfer', { name: plainText(name) }),
  )
  const ready = (query.data?.items ?? []).filter(({ state }) => state === 'ready')
  useShortcuts([{ keys: 't', label: t('agent.transfer'), run: () => setOpen(true) }])
  return (
    <Menu opened={open} onChange={setOpen} position="bottom-start">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconArrowForwardUp size={18} />}
          rightSection={<kbd aria-hidden>t</kbd>}
          loading={go.isPending}
        >
          {t('agent.transfer')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t(ready.length > 0 ? 'agent.transferTo' : 'agent.nobodyReady')}</Menu.Label>
        {ready.map((one) => (
          <Menu.Item key={one.id} onClick={() => go.mutate(one)}>
            <Stranger text={one.name} clip />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
