import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Stack,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { putGateway } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Gateway } from '@/api/types'
import { tell } from '@/components/tell'

import { CODECS, type GatewayForm, initial, wish } from './gatewayForm'

interface Props {
  /** Without one: a new gateway. */
  gateway?: Gateway
  opened: boolean
  onClose: () => void
}

export function EditGateway({ gateway, opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={gateway ? t('carriers.editName', { name: gateway.name }) : t('carriers.create')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form gateway={gateway} onClose={onClose} />
    </Modal>
  )
}

function Form({ gateway, onClose }: { gateway: Gateway | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm<GatewayForm>({
    initialValues: initial(gateway),
    validate: {
      name: (value) =>
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(value) ? null : t('carriers.nameMissing'),
      proxy: (value, { byApi }) => (byApi && !value.trim() ? t('carriers.proxyMissing') : null),
    },
  })
  const save = useMutation({
    mutationFn: putGateway,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['gateways'] })
      tell(t('carriers.saved'))
      onClose()
    },
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(wish(values, gateway)))} noValidate>
      <Stack>
        {save.isError && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(save.error)}
          </Alert>
        )}
        {!gateway && (
          <TextInput
            label={t('carriers.name')}
            description={t('carriers.nameHint')}
            autoComplete="off"
            required
            data-autofocus
            {...form.getInputProps('name')}
          />
        )}
        <NumberInput
          label={t('carriers.maxCalls')}
          description={t('carriers.unlimited')}
          min={1}
          allowDecimal={false}
          {...form.getInputProps('maxCalls')}
        />
        <NumberInput
          label={t('carriers.rate')}
          description={t('carriers.unlimited')}
          min={0}
          {...form.getInputProps('rate')}
        />
        <Checkbox
          label={t('carriers.enabled')}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
        <Checkbox
          label={t('carriers.byApi')}
          {...form.getInputProps('byApi', { type: 'checkbox' })}
        />
        {form.values.byApi && (
          <>
            <TextInput
              label={t('carriers.proxy')}
              description={t('carriers.proxyHint')}
              autoComplete="off"
              required
              {...form.getInputProps('proxy')}
            />
            <Checkbox
              label={t('carriers.register')}
              {...form.getInputProps('registers', { type: 'checkbox' })}
            />
            <TextInput
              label={t('carriers.username')}
              autoComplete="off"
              {...form.getInputProps('username')}
            />
            <PasswordInput
              label={t('carriers.password')}
              description={t(
                gateway?.account?.has_password ? 'carriers.passwordKept' : 'carriers.passwordHint',
              )}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
              {...form.getInputProps('password')}
            />
            <NumberInput
              label={t('carriers.ping')}
              description={t('carriers.pingHint')}
              min={5}
              max={3600}
              allowDecimal={false}
              {...form.getInputProps('ping')}
            />
            <MultiSelect
              label={t('carriers.codecs')}
              description={t('carriers.codecsHint')}
              data={CODECS}
              {...form.getInputProps('codecs')}
            />
            <Checkbox
              label={t('carriers.callerIdInFrom')}
              {...form.getInputProps('callerIdInFrom', { type: 'checkbox' })}
            />
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('carriers.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
