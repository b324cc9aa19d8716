import { Button, Group, Text, TextInput } from '@mantine/core'
import { type SyntheticEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { setTarget } from '@/api/endpoints'
import type { Campaign } from '@/api/types'
import { Card } from '@/components/Card'
import { useCommand } from '@/components/useCommand'
import { perCent } from '@/lib/format'
import { asPerCent, parsePerCent } from '@/lib/percent'

import styles from './Campaign.module.css'

export function TargetCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(asPerCent(campaign.target))
  const change = useCommand(
    (target: number) => setTarget(campaign.id, target),
    (target) => t('target.done', { share: perCent(target) }),
  )
  const target = parsePerCent(typed)
  const problem =
    target === null || target === 0
      ? t('target.notNumber')
      : target > campaign.cap
        ? t('target.aboveCap', { share: perCent(campaign.cap) })
        : null
  const isSame = target === campaign.target
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (target !== null && problem === null && !isSame) change.mutate(target)
  }
  return (
    <Card title={t('target.title')}>
      <p className={styles.big} style={{ margin: 0 }} data-testid="target">
        {perCent(campaign.target)}
      </p>
      <Text size="sm" c="dimmed" mb="sm">
        {t('target.explanation', { share: perCent(campaign.cap) })}
      </Text>
      <form onSubmit={submit} noValidate>
        <Group align="flex-start" gap="xs">
          <TextInput
            label={t('target.label')}
            inputMode="decimal"
            w={180}
            value={typed}
            error={problem}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            type="submit"
            mt={25}
            loading={change.isPending}
            disabled={problem !== null || isSame}
          >
            {t('target.submit')}
          </Button>
        </Group>
      </form>
    </Card>
  )
}
