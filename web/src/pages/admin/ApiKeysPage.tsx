import { Button, Group, Table, Text, Title } from '@mantine/core'
import { useDisclosure, useDocumentTitle } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { deleteApiKey, getApiKeys } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { ApiKey } from '@/api/types'
import { ConfirmButton } from '@/components/ConfirmButton'
import { Stranger } from '@/components/Stranger'
import { tellError } from '@/components/tell'
import { dateAndTime } from '@/lib/format'

import { CreateApiKey } from './CreateApiKey'

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.apiKeys') }))
  const keys = useQuery({ queryKey: ['api-keys'], queryFn: getApiKeys })
  const [opened, dialog] = useDisclosure(false)
  const items = keys.data?.items ?? []
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3">
          {t('nav.apiKeys')}
        </Title>
        <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
          {t('keys.create')}
        </Button>
      </Group>
      {keys.isError && <Text role="alert">{inWords(keys.error)}</Text>}
      {keys.isSuccess && items.length === 0 && <Text c="dimmed">{t('keys.none')}</Text>}
      {items.length > 0 && (
        <div className="card" style={{ padding: 0 }}>
          <Table.ScrollContainer minWidth={760}>
            <Table verticalSpacing="xs" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('keys.name')}</Table.Th>
                  <Table.Th>{t('keys.begins')}</Table.Th>
                  <Table.Th>{t('keys.scopes')}</Table.Th>
                  <Table.Th>{t('keys.lastUsed')}</Table.Th>
                  <Table.Th>{t('keys.expires')}</Table.Th>
                  <Table.Th>{t('agents.actions')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((key) => (
                  <Row key={key.id} apiKey={key} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </div>
      )}
      <CreateApiKey opened={opened} onClose={dialog.close} />
    </>
  )
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => deleteApiKey(apiKey.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
    onError: tellError,
  })
  return (
    <Table.Tr>
      <Table.Td maw={240}>
        <Stranger text={apiKey.name} clip />
      </Table.Td>
      <Table.Td>
        <code>rm_{apiKey.prefix}_…</code>
      </Table.Td>
      <Table.Td>{apiKey.scopes.map((scope) => t(`scope.${scope}`)).join(', ')}</Table.Td>
      <Table.Td>
        {apiKey.last_used_at ? dateAndTime(apiKey.last_used_at) : t('users.never')}
      </Table.Td>
      <Table.Td>{apiKey.expires_at ? dateAndTime(apiKey.expires_at) : t('users.never')}</Table.Td>
      <Table.Td>
        {apiKey.revoked_at ? (
          t('keys.revoked')
        ) : (
          <ConfirmButton
            size="xs"
            variant="default"
            loading={revoke.isPending}
            label={t('keys.revoke')}
            question={t('keys.revokeQuestion')}
            explanation={t('keys.revokeHint')}
            confirmLabel={t('keys.revoke')}
            onConfirm={() => revoke.mutate()}
          />
        )}
      </Table.Td>
    </Table.Tr>
  )
}
