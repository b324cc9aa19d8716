import { Divider, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { getLists } from '@/api/endpoints'
import { Card } from '@/components/Card'
import { LeadBar } from '@/components/LeadBar'
import { Stranger } from '@/components/Stranger'
import { count, dateAndTime } from '@/lib/format'

export function ListsCard({
  campaignId,
  leads,
}: {
  campaignId: string
  leads: Record<string, number>
}) {
  const { t } = useTranslation()
  const lists = useQuery({
    queryKey: ['lists', campaignId],
    queryFn: () => getLists(campaignId),
    refetchInterval: 10_000,
  })
  const items = lists.data?.items ?? []
  return (
    <Card title={t('lists.title')}>
      <LeadBar leads={leads} />
      {items.length > 0 && <Divider my="md" />}
      <Stack gap="md">
        {items.map((list) => (
          <div key={list.id}>
            <Text size="sm" fw={650}>
              <Stranger text={list.name} clip />
            </Text>
            <Text size="xs" c="dimmed" mb={4}>
              {t('lists.facts', {
                time: dateAndTime(list.created_at),
                accepted: count(list.accepted),
                refused: count(list.refused),
              })}
            </Text>
            <LeadBar leads={list.leads} compact />
          </div>
        ))}
      </Stack>
    </Card>
  )
}
