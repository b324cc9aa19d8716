import { Alert, Button, Group, Modal, NumberInput, Select, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { getCampaigns, putRoute } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Gateway } from '@/api/types'
import { tell } from '@/components/tell'
import { plainText } from '@/lib/format'

interface Props {
  gateway: Gateway
  opened: boolean
  onClose: () => void
}

export function RouteGateway({ gateway, opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('carriers.routeTitle', { name: gateway.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form gateway={gateway} onClose={onClose} />
    </Modal>
  )
}

const ALL = 'all'

function Form({ gateway, onClose }: Omit<Props, 'opened'>) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const campaigns = useQuery({ queryKey: ['campaigns'], queryFn: getCampaigns })
  const form = useForm({ initialValues: { campaign: ALL, weight: 1, tier: 1 } })
  const save = useMutation({
    mutationFn: putRoute,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['gateways'] })
      tell(t('carriers.routeSaved'))
      onClose()
    },
  })
  const wish = ({ campaign, weight, tier }: typeof form.values) => ({
    switch_id: gateway.switch_id,
    gateway: gateway.name,
    campaign_id: campaign === ALL ? null : campaign,
    weight,
    tier,
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(wish(values)))} noValidate>
      <Stack>
        {save.isError && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(save.error)}
          </Alert>
        )}
        <Select
          label={t('carriers.routeCampaign')}
          allowDeselect={false}
          data-autofocus
          data={[
            { value: ALL, label: t('carriers.allCampaigns') },
            ...(campaigns.data?.items ?? []).map(({ id, name }) => ({
              value: id,
              label: plainText(name).slice(0, 60),
            })),
          ]}
          {...form.getInputProps('campaign')}
        />
        <NumberInput
          label={t('carriers.routeWeight')}
          description={t('carriers.routeWeightHint')}
          min={0}
          max={1_000_000}
          {...form.getInputProps('weight')}
        />
        <NumberInput
          label={t('carriers.routeTier')}
          description={t('carriers.routeTierHint')}
          min={1}
          max={9}
          allowDecimal={false}
          {...form.getInputProps('tier')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('carriers.routeSubmit')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
