import { useTranslation } from 'react-i18next'

import { duration, secondsBetween } from '@/lib/format'
import { useServerNow } from '@/live/hooks'

import styles from './Agent.module.css'

/** What is left of the wrap-up; the dialer ends it at the limit. */
export function WrapUp({ since, limitSeconds }: { since: string; limitSeconds: number }) {
  const { t } = useTranslation()
  const passed = secondsBetween(since, useServerNow())
  if (limitSeconds <= 0) return <span role="timer">{duration(passed)}</span>
  return (
    <span role="timer" aria-live="off" data-testid="wrap-up-left">
      {duration(Math.ceil(limitSeconds - passed))}
      <div className={styles.small}>{t('agent.left', { limit: duration(limitSeconds) })}</div>
    </span>
  )
}
