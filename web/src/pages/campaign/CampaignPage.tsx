import { Anchor, Group, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { getCampaign } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { Campaign } from '@/api/types'
import { CampaignStateLabel } from '@/components/StateLabel'
import { Stranger } from '@/components/Stranger'
import { plainText } from '@/lib/format'
import { useLive } from '@/live/hooks'
import type { LiveCampaign } from '@/live/messages'

import { AbandonCard } from '../wallboard/AbandonCard'
import styles from './Campaign.module.css'
import { Controls } from './Controls'
import { FiguresCard } from './FiguresCard'
import { ImportCard } from './ImportCard'
import { ListsCard } from './ListsCard'
import { RecordingCard } from './RecordingCard'
import { TargetCard } from './TargetCard'
import { WhyCard } from './WhyCard'

export function Component() {
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['campaign', id],
    queryFn: () => getCampaign(id),
    refetchInterval: 10_000,
  })
  const live = useLive((state) => state.campaigns[id])
  if (query.isError) {
    return <Text role="alert">{inWords(query.error)}</Text>
  }
  if (query.data === undefined) return null
  return <Page campaign={merged(query.data, live)} />
}

/** What the socket tells is newer; what it does not tell (leads) is the last answer's. */
function merged(asked: Campaign, live: LiveCampaign | undefined): LiveCampaign {
  if (live === undefined) return { ...asked, live: null, report: null }
  return { ...asked, state: live.state, target: live.target, live: live.live, report: live.report }
}

function Page({ campaign }: { campaign: LiveCampaign }) {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: plainText(campaign.name).slice(0, 60) }))
  return (
    <Stack gap="md" className={styles.page}>
      <div>
        <Anchor component={Link} to="/campaigns" size="sm">
          {t('campaign.back')}
        </Anchor>
        <Group justify="space-between" mt={4}>
          <Group gap="sm" className={styles.title}>
            <Title order={1} size="h3" className={styles.name}>
              <Stranger text={campaign.name} />
            </Title>
            <CampaignStateLabel state={campaign.state} />
            <Text size="sm" c="dimmed">
              {t(`mode.${campaign.mode}`)}
            </Text>
          </Group>
          <Controls campaign={campaign} />
        </Group>
      </div>
      <div className={styles.grid}>
        <AbandonCard campaign={campaign} />
        <TargetCard key={campaign.target} campaign={campaign} />
        <RecordingCard key={JSON.stringify(campaign.recording)} campaign={campaign} />
        <WhyCard campaign={campaign} />
        <FiguresCard report={campaign.report} />
        <ListsCard campaignId={campaign.id} leads={campaign.leads} />
        <ImportCard campaignId={campaign.id} />
      </div>
    </Stack>
  )
}
