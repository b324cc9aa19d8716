import '@mantine/charts/styles.css'

import { CompositeChart } from '@mantine/charts'
import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { getSeries } from '@/api/endpoints'
import { Card } from '@/components/Card'
import { perCent } from '@/lib/format'

import { HourTable } from './HourTable'
import { minutesOf } from './minutes'
import styles from './Wallboard.module.css'

const MINUTES = 60
const ASK_EVERY_MS = 5000

/** The last hour of the campaign's time, minute by minute; the same figures as a table on request. */
export default function HourCard({
  campaignId,
  className,
}: {
  campaignId: string
  className?: string | undefined
}) {
  const { t } = useTranslation()
  const [view, setView] = useState('chart')
  const series = useQuery({
    queryKey: ['series', campaignId],
    queryFn: () => getSeries(campaignId, MINUTES),
    refetchInterval: ASK_EVERY_MS,
  })
  const data = minutesOf(series.data?.items ?? [])
  return (
    <Card
      title={t('hour.title')}
      className={className}
      aside={
        <SegmentedControl
          size="xs"
          value={view}
          onChange={setView}
          aria-label={t('hour.view')}
          data={[
            { value: 'chart', label: t('hour.chart') },
            { value: 'table', label: t('hour.table') },
          ]}
        />
      }
    >
      {view === 'table' ? (
        <HourTable minutes={data} />
      ) : (
        <figure className={styles.figure} aria-label={t('hour.summary', { count: data.length })}>
          <CompositeChart
            h="100%"
            data={data}
            dataKey="time"
            withLegend
            withRightYAxis
            legendProps={{ verticalAlign: 'top', height: 30 }}
            gridAxis="x"
            tickLine="none"
            withDots={false}
            connectNulls={false}
            curveType="monotone"
            strokeWidth={2}
            valueFormatter={(value) => String(Math.round(value))}
            yAxisProps={{ allowDecimals: false, width: 36 }}
            rightYAxisProps={{
              domain: [0, 1],
              width: 48,
              tickFormatter: (value: number) => perCent(value, 0),
            }}
            xAxisProps={{ minTickGap: 40 }}
            barProps={(one) => ({
              stackId: 'calls',
              isAnimationActive: false,
              radius: one.name === 'abandoned' ? [2, 2, 0, 0] : 0,
            })}
            lineProps={{ isAnimationActive: false }}
            series={[
              {
                name: 'connected',
                type: 'bar',
                color: 'var(--rm-talking)',
                label: t('hour.connected'),
              },
              {
                name: 'abandoned',
                type: 'bar',
                color: 'var(--rm-bad)',
                label: t('hour.abandoned'),
              },
              {
                name: 'occupancy',
                type: 'line',
                color: 'var(--mantine-color-anchor)',
                label: t('hour.occupancy'),
                yAxisId: 'right',
              },
            ]}
          />
        </figure>
      )}
    </Card>
  )
}
