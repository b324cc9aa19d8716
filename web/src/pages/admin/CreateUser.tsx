import { Alert, Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { createUser, getAgents } from '@/api/endpoints'
import { ROLES } from '@/api/enums'
import { inWords } from '@/api/problem'
import { tell } from '@/components/tell'
import { plainText } from '@/lib/format'

interface Props {
  opened: boolean
  onClose: () => void
}

export function CreateUser({ opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('users.create')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form onClose={onClose} />
    </Modal>
  )
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const agents = useQuery({ queryKey: ['agents'], queryFn: getAgents })
  const form = useForm({
    initialValues: {
      login: '',
      display_name: '',
      role: 'agent' as (typeof ROLES)[number],
      password: '',
      agent_id: null as string | null,
    },
    validate: {
      login: (value) => (value.trim() ? null : t('signIn.loginMissing')),
      password: (value) => (value.length >= 10 ? null : t('password.tooShort', { count: 10 })),
      agent_id: (value, { role }) => (role === 'agent' && !value ? t('users.agentMissing') : null),
    },
  })
  const create = useMutation({
    mutationFn: createUser,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['users'] })
      tell(t('users.created'))
      onClose()
    },
  })
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
      <Stack>
        {create.isError && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(create.error)}
          </Alert>
        )}
        <TextInput
          label={t('users.login')}
          autoComplete="off"
          required
          data-autofocus
          {...form.getInputProps('login')}
        />
        <TextInput label={t('users.displayName')} {...form.getInputProps('display_name')} />
        <Select
          label={t('users.role')}
          allowDeselect={false}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          {...form.getInputProps('role')}
        />
        {form.values.role === 'agent' && (
          <Select
            label={t('users.agent')}
            searchable
            limit={50}
            data={(agents.data?.items ?? []).map(({ id, name, extension }) => ({
              value: id,
              label: `${plainText(name).slice(0, 60)} (${extension})`,
            }))}
            {...form.getInputProps('agent_id')}
          />
        )}
        <PasswordInput
          label={t('users.password')}
          description={t('users.passwordHint')}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('users.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
