import { CloseButton, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { putRoute } from '@/api/endpoints'
import type { Gateway } from '@/api/types'
import { tellError } from '@/components/tell'
import { plainText } from '@/lib/format'

/** Who dials by a gateway, each with a button that takes the route away. */
export function RouteList({ gateway }: { gateway: Gateway }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: putRoute,
    onSuccess: () => client.invalidateQueries({ queryKey: ['gateways'] }),
    onError: tellError,
  })
  if (gateway.routes.length === 0) return <Text size="sm">{t('carriers.noRoutes')}</Text>
  return (
    <Stack gap={4}>
      {gateway.routes.map(({ campaign_id, campaign, tier, weight }) => {
        const name =
          campaign === null ? t('carriers.allCampaigns') : plainText(campaign).slice(0, 60)
        return (
          <Group key={campaign_id ?? ''} gap={4} wrap="nowrap">
            <Text size="sm">{t('carriers.routeShare', { campaign: name, tier, weight })}</Text>
            <CloseButton
              size="sm"
              disabled={remove.isPending}
              aria-label={t('carriers.routeRemove', { campaign: name, name: gateway.name })}
              onClick={() =>
                remove.mutate({
                  switch_id: gateway.switch_id,
                  gateway: gateway.name,
                  campaign_id,
                  weight: null,
                })
              }
            />
          </Group>
        )
      })}
    </Stack>
  )
}
