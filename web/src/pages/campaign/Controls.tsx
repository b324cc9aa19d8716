import { Button, Group } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'

import { actOnCampaign, type CampaignAction } from '@/api/endpoints'
import type { Campaign, CampaignState } from '@/api/types'
import { ConfirmButton } from '@/components/ConfirmButton'
import { useShortcuts } from '@/components/shortcuts'
import { useCommand } from '@/components/useCommand'

const CAN: Record<CampaignAction, CampaignState[]> = {
  start: ['draft', 'paused', 'stopped', 'winding_down'],
  pause: ['running', 'winding_down'],
  stop: ['running', 'paused'],
}

export function Controls({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation()
  const act = useCommand(
    (action: CampaignAction) => actOnCampaign(campaign.id, action),
    (action) => t(`control.${action}Done`),
  )
  const can = (action: CampaignAction) => CAN[action].includes(campaign.state) && !act.isPending
  const run = (action: CampaignAction) => () => can(action) && act.mutate(action)
  useShortcuts([
    { keys: 's', label: t('control.start'), run: run('start') },
    { keys: 'p', label: t('control.pause'), run: run('pause') },
  ])
  return (
    <Group gap="xs">
      <Button
        leftSection={<IconPlayerPlay size={16} />}
        disabled={!can('start')}
        title={t('control.startHint')}
        onClick={run('start')}
      >
        {t('control.start')}
      </Button>
      <Button
        variant="default"
        leftSection={<IconPlayerPause size={16} />}
        disabled={!can('pause')}
        title={t('control.pauseHint')}
        onClick={run('pause')}
      >
        {t('control.pause')}
      </Button>
      <ConfirmButton
        variant="default"
        leftSection={<IconPlayerStop size={16} />}
        disabled={!can('stop')}
        label={t('control.stop')}
        question={t('control.stopQuestion')}
        explanation={t('control.stopHint')}
        confirmLabel={t('control.stop')}
        onConfirm={run('stop')}
      />
    </Group>
  )
}
