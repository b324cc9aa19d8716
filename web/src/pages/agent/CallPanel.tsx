import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import type { AgentDetail, AgentState } from '@/api/types'
import { Card } from '@/components/Card'
import { Stranger } from '@/components/Stranger'

import styles from './Agent.module.css'
import { shownField } from './fields'

interface Props {
  call: AgentDetail['call']
  state: AgentState
}

/** Who is on the line, and what the list says of them. */
export function CallPanel({ call, state }: Props) {
  const { t } = useTranslation()
  const title = state === 'wrap_up' ? t('agent.wasOnLine') : t('agent.onLine')
  if (call === null) {
    return (
      <Card title={title}>
        <Text c="dimmed">{t('agent.nobody')}</Text>
      </Card>
    )
  }
  const fields = Object.entries(call.fields)
  return (
    <Card title={title}>
      <p className={styles.person} data-testid="person">
        <Stranger text={call.person_name || t('agent.noName')} />
      </p>
      <div className={styles.number} data-testid="number">
        <bdi>{call.number}</bdi>
      </div>
      {fields.length > 0 && (
        <dl className={styles.fields}>
          {fields.map(([name, value]) => (
            <Field key={name} name={name} value={shownField(value)} />
          ))}
        </dl>
      )}
    </Card>
  )
}

function Field({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>
        <Stranger text={name} clip />
      </dt>
      <dd>
        <Stranger text={value} />
      </dd>
    </>
  )
}
