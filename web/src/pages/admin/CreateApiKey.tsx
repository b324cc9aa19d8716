import {
  Alert,
  Button,
  Checkbox,
  Code,
  CopyButton,
  Group,
  Modal,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { createApiKey } from '@/api/endpoints'
import { SCOPES } from '@/api/enums'
import { inWords } from '@/api/problem'
import type { ApiScope } from '@/api/types'

interface Props {
  opened: boolean
  onClose: () => void
}

export function CreateApiKey({ opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      closeOnClickOutside={false}
      title={t('keys.create')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form onClose={onClose} />
    </Modal>
  )
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initialValues: { name: '', scopes: ['read'] as ApiScope[] },
    validate: {
      name: (value) => (value.trim() ? null : t('create.nameMissing')),
      scopes: (value) => (value.length > 0 ? null : t('keys.scopeMissing')),
    },
  })
  const create = useMutation({
    mutationFn: createApiKey,
    onSuccess: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  if (create.isSuccess) return <Made secret={create.data.key} onClose={onClose} />
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
      <Stack>
        {create.isError && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(create.error)}
          </Alert>
        )}
        <TextInput label={t('keys.name')} required data-autofocus {...form.getInputProps('name')} />
        <Checkbox.Group label={t('keys.scopes')} {...form.getInputProps('scopes')}>
          <Stack gap={6} mt={6}>
            {SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                value={scope}
                label={t(`scope.${scope}`)}
                description={t(`scopeHint.${scope}`)}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('keys.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** The secret is kept nowhere: this is the only time that it is seen. */
function Made({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Stack>
      <Text>{t('keys.once')}</Text>
      <Code block data-testid="api-key">
        {secret}
      </Code>
      <Group justify="flex-end">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? t('keys.copied') : t('keys.copy')}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t('keys.kept')}</Button>
      </Group>
    </Stack>
  )
}
