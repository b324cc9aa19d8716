import { Anchor, Button, Group, Table, Text, Title } from '@mantine/core'
import { useDisclosure, useDocumentTitle } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { getCampaigns } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Campaign } from '@/api/types'
import { LeadBar } from '@/components/LeadBar'
import { CampaignStateLabel } from '@/components/StateLabel'
import { Stranger } from '@/components/Stranger'
import { useShortcuts } from '@/components/shortcuts'
import { perCent } from '@/lib/format'
import { useLive } from '@/live/hooks'

import { CreateCampaign } from './CreateCampaign'

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.campaigns') }))
  const campaigns = useQuery({
    queryKey: ['campaigns'],
    queryFn: getCampaigns,
    refetchInterval: 10_000,
  })
  const [opened, dialog] = useDisclosure(false)
  useShortcuts([{ keys: 'n', label: t('campaigns.create'), run: dialog.open }])
  const items = campaigns.data?.items ?? []
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3">
          {t('nav.campaigns')}
        </Title>
        <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
          {t('campaigns.create')}
        </Button>
      </Group>
      {campaigns.isError && <Text role="alert">{inWords(campaigns.error)}</Text>}
      {campaigns.isSuccess && items.length === 0 && <Text c="dimmed">{t('campaigns.none')}</Text>}
      {items.length > 0 && (
        <div className="card" style={{ padding: 0 }}>
          <Table.ScrollContainer minWidth={760}>
            <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('campaign.name')}</Table.Th>
                  <Table.Th>{t('campaign.state')}</Table.Th>
                  <Table.Th>{t('campaign.mode')}</Table.Th>
                  <Table.Th>{t('campaign.targetAndCap')}</Table.Th>
                  <Table.Th w="40%">{t('campaign.leads')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((campaign) => (
                  <Row key={campaign.id} campaign={campaign} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </div>
      )}
      <CreateCampaign opened={opened} onClose={dialog.close} />
    </>
  )
}

function Row({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation()
  const live = useLive((state) => state.campaigns[campaign.id])
  const now = live ?? campaign
  return (
    <Table.Tr>
      <Table.Td maw={280}>
        <Anchor component={Link} to={`/campaigns/${campaign.id}`} fw={600}>
          <Stranger text={campaign.name} clip />
        </Anchor>
      </Table.Td>
      <Table.Td>
        <CampaignStateLabel state={now.state} />
      </Table.Td>
      <Table.Td>{t(`mode.${campaign.mode}`)}</Table.Td>
      <Table.Td className="figures">
        {t('campaign.targetOfCap', { target: perCent(now.target), cap: perCent(campaign.cap) })}
      </Table.Td>
      <Table.Td>
        <LeadBar leads={campaign.leads} compact />
      </Table.Td>
    </Table.Tr>
  )
}
