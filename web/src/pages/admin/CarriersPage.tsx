import { Button, Group, Table, Text, Title } from '@mantine/core'
import { useDisclosure, useDocumentTitle } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { getGateways, removeGateway } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Gateway } from '@/api/types'
import { ConfirmButton } from '@/components/ConfirmButton'
import { tell, tellError } from '@/components/tell'

import { EditGateway } from './EditGateway'
import { RouteGateway } from './RouteGateway'
import { RouteList } from './RouteList'

/** How each gateway stands changes by itself. */
const EVERY_MS = 5000

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.carriers') }))
  const gateways = useQuery({
    queryKey: ['gateways'],
    queryFn: getGateways,
    refetchInterval: EVERY_MS,
  })
  const [opened, dialog] = useDisclosure(false)
  const items = gateways.data?.items ?? []
  const changeable = gateways.data?.changeable === true
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3">
          {t('nav.carriers')}
        </Title>
        {changeable && (
          <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
            {t('carriers.create')}
          </Button>
        )}
      </Group>
      {gateways.isError && <Text role="alert">{inWords(gateways.error)}</Text>}
      {gateways.isSuccess && !changeable && <Text mb="md">{t('carriers.shared')}</Text>}
      {gateways.isSuccess && items.length === 0 && <Text c="dimmed">{t('carriers.none')}</Text>}
      {items.length > 0 && (
        <div className="card" style={{ padding: 0 }}>
          <Table.ScrollContainer minWidth={900}>
            <Table verticalSpacing="xs" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('carriers.name')}</Table.Th>
                  <Table.Th>{t('carriers.standing')}</Table.Th>
                  <Table.Th>{t('carriers.address')}</Table.Th>
                  <Table.Th>{t('carriers.takes')}</Table.Th>
                  <Table.Th>{t('carriers.routes')}</Table.Th>
                  <Table.Th>{t('agents.actions')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((gateway) => (
                  <Row
                    key={`${gateway.switch_id} ${gateway.name}`}
                    gateway={gateway}
                    changeable={changeable}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </div>
      )}
      <EditGateway opened={opened} onClose={dialog.close} />
    </>
  )
}

function Row({ gateway, changeable }: { gateway: Gateway; changeable: boolean }) {
  const { t } = useTranslation()
  const [editing, edit] = useDisclosure(false)
  const [routing, route] = useDisclosure(false)
  const { name } = gateway
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td>
        {gateway.enabled
          ? t(`gatewayStanding.${gateway.standing ?? 'unknown'}`)
          : t('gatewayStanding.closed')}
      </Table.Td>
      <Table.Td>
        {gateway.account?.proxy ??
          t(gateway.has_account ? 'carriers.hidden' : 'carriers.ownConfiguration')}
      </Table.Td>
      <Table.Td>
        {gateway.max_calls === null
          ? t('carriers.anyCalls')
          : t('carriers.calls', { count: gateway.max_calls })}
        {gateway.calls_per_second !== null &&
          `, ${t('carriers.perSecond', { rate: gateway.calls_per_second })}`}
      </Table.Td>
      <Table.Td>
        <RouteList gateway={gateway} />
      </Table.Td>
      <Table.Td>
        <Group gap={6} wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            aria-label={t('carriers.routeAddName', { name })}
            onClick={route.open}
          >
            {t('carriers.routeAdd')}
          </Button>
          {changeable && (
            <Button
              size="xs"
              variant="default"
              aria-label={t('carriers.editName', { name })}
              onClick={edit.open}
            >
              {t('carriers.edit')}
            </Button>
          )}
          {changeable && <Remove gateway={gateway} />}
        </Group>
        <EditGateway gateway={gateway} opened={editing} onClose={edit.close} />
        <RouteGateway gateway={gateway} opened={routing} onClose={route.close} />
      </Table.Td>
    </Table.Tr>
  )
}

function Remove({ gateway }: { gateway: Gateway }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => removeGateway(gateway.switch_id, gateway.name),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['gateways'] })
      tell(t('carriers.removed'))
    },
    onError: tellError,
  })
  return (
    <ConfirmButton
      size="xs"
      variant="default"
      loading={remove.isPending}
      label={t('carriers.remove')}
      question={t('carriers.removeQuestion', { name: gateway.name })}
      explanation={t('carriers.removeHint')}
      confirmLabel={t('carriers.remove')}
      onConfirm={() => remove.mutate()}
    />
  )
}
