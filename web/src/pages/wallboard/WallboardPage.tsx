import { Button, Group, Select, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { CampaignStateLabel } from '@/components/StateLabel'
import { Stranger } from '@/components/Stranger'
import { useLive } from '@/live/hooks'
import type { LiveCampaign } from '@/live/messages'
import { moment, plainText } from '@/lib/format'

import { AbandonCard } from './AbandonCard'
import { AgentsCard } from './AgentsCard'
import { BigFigures } from './BigFigures'
import { CallsCard } from './CallsCard'
import { chosen, ordered } from './choose'
import { LimitCard } from './LimitCard'
import { StopAll } from './StopAll'
import styles from './Wallboard.module.css'

const HourCard = lazy(() => import('./HourCard'))

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('nav.wallboard') }))
  const campaigns = useLive((state) => state.campaigns)
  const isLoaded = useLive((state) => state.seq !== null)
  const [params, setParams] = useSearchParams()
  const list = ordered(Object.values(campaigns))
  const campaign = chosen(list, params.get('campaign'))

  if (campaign === undefined) {
    return (
      <>
        <Title order={1} size="h3">
          {t('nav.wallboard')}
        </Title>
        {isLoaded && (
          <Group mt="md">
            <Text>{t('wallboard.noCampaign')}</Text>
            <Button component={Link} to="/campaigns">
              {t('campaigns.create')}
            </Button>
          </Group>
        )}
      </>
    )
  }
  return (
    <div className={styles.page}>
      <Head
        campaign={campaign}
        others={list}
        onChoose={(id) => setParams({ campaign: id }, { replace: true })}
      />
      <div className={styles.board}>
        <AbandonCard campaign={campaign} className={styles.abandon} />
        <BigFigures report={campaign.report} />
        <LimitCard campaign={campaign} className={styles.limit} />
        <AgentsCard live={campaign.live} className={styles.agents} />
        <CallsCard campaign={campaign} className={styles.calls} />
        <Suspense fallback={<div className={`card ${styles.hour ?? ''}`} />}>
          <HourCard campaignId={campaign.id} className={styles.hour} />
        </Suspense>
      </div>
    </div>
  )
}

interface HeadProps {
  campaign: LiveCampaign
  others: LiveCampaign[]
  onChoose: (id: string) => void
}

function Head({ campaign, others, onChoose }: HeadProps) {
  const { t } = useTranslation()
  const { report, live } = campaign
  return (
    <div className={styles.head}>
      <Title order={1} size="h3" className={styles.name}>
        <Stranger text={campaign.name} clip />
      </Title>
      <CampaignStateLabel state={campaign.state} />
      {others.length > 1 && (
        <Select
          aria-label={t('wallboard.choose')}
          size="xs"
          w={200}
          allowDeselect={false}
          value={campaign.id}
          data={others.map(({ id, name }) => ({ value: id, label: plainText(name).slice(0, 80) }))}
          onChange={(id) => id && onChoose(id)}
        />
      )}
      <Text size="sm" c="dimmed" className={styles.period}>
        {report ? t('wallboard.period', { time: moment(report.since) }) : t('wallboard.noPeriod')}
        {live &&
          live.speed !== 1 &&
          ` · ${t('wallboard.speed', { speed: Math.round(live.speed * 10) / 10 })}`}
      </Text>
      <StopAll />
    </div>
  )
}
