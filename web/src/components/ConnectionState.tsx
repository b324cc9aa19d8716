import { VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import { useLink, useStaleSeconds } from '@/live/hooks'

import styles from './Shell.module.css'

/** Whether what the page shows is the present. Announced when it changes, not while seconds pass. */
export function ConnectionState() {
  const { t } = useTranslation()
  const link = useLink()
  const stale = useStaleSeconds()
  const state = link === 'open' && stale !== null ? 'stale' : link
  return (
    <>
      <div className={styles.state} data-link={state} data-testid="link" aria-hidden>
        <span className={styles.dot} />
        {state === 'stale' ? t('link.stale', { seconds: stale }) : t(`link.${state}`)}
      </div>
      <VisuallyHidden role="status">
        {state === 'stale' ? t('link.staleAnnounced') : t(`link.${state}`)}
      </VisuallyHidden>
    </>
  )
}
