import { Button, Group, Select, Text } from '@mantine/core'
import { IconLogin2 } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { logIn } from '@/api/endpoints'
import type { AgentDetail } from '@/api/types'
import { useCommand } from '@/components/useCommand'
import { plainText } from '@/lib/format'
import { useLive } from '@/live/hooks'

/** Into the campaign they worked for last, or into one of those that they may see. */
export function LogIn({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation()
  const campaigns = Object.values(useLive((state) => state.campaigns))
  const [wanted, setWanted] = useState<string | null>(null)
  const chosen = wanted ?? agent.campaign_id ?? campaigns[0]?.id ?? null
  const begin = useCommand(
    () => logIn('me', chosen),
    () => t('agent.done.login'),
  )
  if (chosen === null) return <Text>{t('agent.noCampaign')}</Text>
  return (
    <Group gap="xs">
      {campaigns.length > 1 && (
        <Select
          aria-label={t('wallboard.choose')}
          w={200}
          allowDeselect={false}
          value={chosen}
          data={campaigns.map(({ id, name }) => ({
            value: id,
            label: plainText(name).slice(0, 80),
          }))}
          onChange={setWanted}
        />
      )}
      <Button
        leftSection={<IconLogin2 size={18} />}
        loading={begin.isPending}
        onClick={() => begin.mutate(undefined)}
      >
        {t('agent.login')}
      </Button>
    </Group>
  )
}
