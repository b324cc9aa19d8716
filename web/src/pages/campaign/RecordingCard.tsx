import { Alert, Button, NumberInput, Select, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { setRecording } from '@/api/endpoints'
import { RECORDING_CONSENTS, RECORDING_MODES } from '@/api/enums'
import { inWords } from '@/api/problem'
import type { Campaign } from '@/api/types'
import { Card } from '@/components/Card'
import { tell } from '@/components/tell'

/** Which calls are recorded, and with whose knowledge. What the rules forbid the API refuses in words. */
export function RecordingCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const plan = campaign.recording
  const form = useForm({
    initialValues: {
      mode: plan.mode ?? 'off',
      share: Math.round((plan.share ?? 1) * 1000) / 10,
      consent: plan.consent ?? 'announced',
      announcement: plan.announcement ?? '',
      days: plan.days ?? 365,
    },
    validate: {
      announcement: (value, { mode, consent }) =>
        mode !== 'off' && consent === 'announced' && value.trim() === ''
          ? t('recording.announcementMissing')
          : null,
    },
  })
  const change = useMutation({
    mutationFn: (values: typeof form.values) =>
      setRecording(campaign.id, {
        ...values,
        announcement: values.announcement.trim(),
        share: values.share / 100,
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['campaigns'] })
      tell(t('recording.done'))
    },
  })
  return (
    <Card title={t('recording.title')}>
      <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
        <Stack gap="xs">
          {change.isError && (
            <Alert color="red" variant="outline" role="alert">
              {inWords(change.error)}
            </Alert>
          )}
          <Select
            label={t('recording.mode')}
            allowDeselect={false}
            data={RECORDING_MODES.map((value) => ({ value, label: t(`recording.modes.${value}`) }))}
            {...form.getInputProps('mode')}
          />
          {form.values.mode === 'share' && (
            <NumberInput
              label={t('recording.share')}
              min={0}
              max={100}
              {...form.getInputProps('share')}
            />
          )}
          {form.values.mode !== 'off' && (
            <>
              <Select
                label={t('recording.consent')}
                allowDeselect={false}
                data={RECORDING_CONSENTS.map((value) => ({
                  value,
                  label: t(`recording.consents.${value}`),
                }))}
                {...form.getInputProps('consent')}
              />
              {form.values.consent === 'announced' && (
                <TextInput
                  label={t('recording.announcement')}
                  {...form.getInputProps('announcement')}
                />
              )}
              <NumberInput
                label={t('recording.days')}
                min={0}
                max={36500}
                allowDecimal={false}
                {...form.getInputProps('days')}
              />
            </>
          )}
          <Button type="submit" loading={change.isPending} disabled={!form.isDirty()}>
            {t('recording.submit')}
          </Button>
        </Stack>
      </form>
    </Card>
  )
}
