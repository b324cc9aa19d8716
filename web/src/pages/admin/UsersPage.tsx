import { Button, Group, Table, Text, Title } from '@mantine/core'
import { useDisclosure, useDocumentTitle } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { changeUser, getUsers } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { User } from '@/api/types'
import { Stranger } from '@/components/Stranger'
import { tellError } from '@/components/tell'
import { dateAndTime, plainText } from '@/lib/format'
import { useSession } from '@/session/session'

import { CreateUser } from './CreateUser'

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.users') }))
  const users = useQuery({ queryKey: ['users'], queryFn: getUsers })
  const [opened, dialog] = useDisclosure(false)
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3">
          {t('nav.users')}
        </Title>
        <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
          {t('users.create')}
        </Button>
      </Group>
      {users.isError && <Text role="alert">{inWords(users.error)}</Text>}
      {users.data && (
        <div className="card" style={{ padding: 0 }}>
          <Table.ScrollContainer minWidth={760}>
            <Table verticalSpacing="xs" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('users.login')}</Table.Th>
                  <Table.Th>{t('users.displayName')}</Table.Th>
                  <Table.Th>{t('users.role')}</Table.Th>
                  <Table.Th>{t('users.lastSignIn')}</Table.Th>
                  <Table.Th>{t('users.state')}</Table.Th>
                  <Table.Th>{t('agents.actions')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {users.data.items.map((user) => (
                  <Row key={user.id} user={user} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </div>
      )}
      <CreateUser opened={opened} onClose={dialog.close} />
    </>
  )
}

function Row({ user }: { user: User }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const own = useSession().data?.user.id
  const change = useMutation({
    mutationFn: () => changeUser(user.id, { disabled: !user.disabled }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }),
    onError: tellError,
  })
  const action = user.disabled ? 'enable' : 'disable'
  return (
    <Table.Tr>
      <Table.Td maw={200}>
        <Stranger text={user.login} clip />
      </Table.Td>
      <Table.Td maw={220}>
        <Stranger text={user.display_name} clip />
      </Table.Td>
      <Table.Td>{t(`role.${user.role}`)}</Table.Td>
      <Table.Td>
        {user.last_sign_in_at ? dateAndTime(user.last_sign_in_at) : t('users.never')}
      </Table.Td>
      <Table.Td>
        {user.disabled
          ? t('users.disabled')
          : user.locked_until
            ? t('users.locked', { time: dateAndTime(user.locked_until) })
            : t('users.active')}
      </Table.Td>
      <Table.Td>
        {user.id !== own && (
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            aria-label={t(`users.${action}Name`, { name: plainText(user.login) })}
            onClick={() => change.mutate()}
          >
            {t(`users.${action}`)}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}
