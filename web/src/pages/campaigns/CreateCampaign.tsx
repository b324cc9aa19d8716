import {
  Alert,
  Button,
  Group,
  Modal,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { createCampaign } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import { MODES, PRESETS } from '@/api/enums'
import { tell } from '@/components/tell'
import { parsePerCent } from '@/lib/percent'

interface Props {
  opened: boolean
  onClose: () => void
}

export function CreateCampaign({ opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={t('campaigns.create')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form onClose={onClose} />
    </Modal>
  )
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const form = useForm({
    initialValues: {
      name: '',
      mode: 'predictive' as (typeof MODES)[number],
      rules: 'us_telemarketing' as (typeof PRESETS)[number],
      target: '3',
      cap: '3',
      gateway: 'carrier',
      caller_id: '',
      max_lines: 1000,
      wrap_up_limit_seconds: 120,
    },
    validate: {
      name: (value) => (value.trim() ? null : t('create.nameMissing')),
      cap: (value) => (parsePerCent(value) ? null : t('target.notNumber')),
      target: (value, { cap }) => {
        const target = parsePerCent(value)
        if (!target) return t('target.notNumber')
        return target > (parsePerCent(cap) ?? 1) ? t('create.aboveCap') : null
      },
      caller_id: (value) => (/^(\+?[0-9]{3,15})?$/.test(value) ? null : t('create.callerIdWrong')),
    },
  })
  const create = useMutation({
    mutationFn: createCampaign,
    onSuccess: async (campaign) => {
      await client.invalidateQueries({ queryKey: ['campaigns'] })
      tell(t('create.done'))
      onClose()
      await navigate(`/campaigns/${campaign.id}`)
    },
  })
  const submit = form.onSubmit((values) =>
    create.mutate({
      ...values,
      name: values.name.trim(),
      target: parsePerCent(values.target) ?? 0,
      cap: parsePerCent(values.cap) ?? 0,
    }),
  )
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {create.isError && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(create.error)}
          </Alert>
        )}
        <TextInput
          label={t('campaign.name')}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={t('campaign.mode')}
            allowDeselect={false}
            data={MODES.map((value) => ({ value, label: t(`mode.${value}`) }))}
            {...form.getInputProps('mode')}
          />
          <Select
            label={t('campaign.rules')}
            description={t('create.rulesHint')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            allowDeselect={false}
            data={PRESETS.map((value) => ({ value, label: t(`preset.${value}`) }))}
            {...form.getInputProps('rules')}
          />
          <TextInput
            label={t('create.target')}
            inputMode="decimal"
            {...form.getInputProps('target')}
          />
          <TextInput label={t('create.cap')} inputMode="decimal" {...form.getInputProps('cap')} />
          <TextInput label={t('create.gateway')} {...form.getInputProps('gateway')} />
          <TextInput
            label={t('create.callerId')}
            inputMode="tel"
            {...form.getInputProps('caller_id')}
          />
          <NumberInput
            label={t('create.maxLines')}
            min={1}
            max={100000}
            allowDecimal={false}
            {...form.getInputProps('max_lines')}
          />
          <NumberInput
            label={t('create.wrapUp')}
            min={0}
            max={86400}
            {...form.getInputProps('wrap_up_limit_seconds')}
          />
        </SimpleGrid>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('create.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
