import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

import { count, perCent } from '@/lib/format'

import { LEAD_STATES, progressOf } from './leads'
import styles from './LeadBar.module.css'

/** How far a list is: closed, waiting for another try, not tried yet. */
export function LeadBar({
  leads,
  compact = false,
}: {
  leads: Record<string, number>
  compact?: boolean
}) {
  const { t } = useTranslation()
  const { total, done } = progressOf(leads)
  if (total === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('leads.none')}
      </Text>
    )
  return (
    <div>
      <div className={styles.bar} aria-hidden>
        {LEAD_STATES.map((state) => (
          <div
            key={state}
            className={styles[state]}
            hidden={!leads[state]}
            style={{ flexGrow: leads[state] ?? 0 }}
          />
        ))}
      </div>
      <Text size="sm" className="figures" c="dimmed">
        {t('leads.progress', {
          done: count(done),
          total: count(total),
          share: perCent(done / total, 0),
        })}
      </Text>
      {!compact && (
        <dl className={styles.legend}>
          {LEAD_STATES.filter((state) => leads[state]).map((state) => (
            <div key={state}>
              <dt>
                <span className={`${styles.mark ?? ''} ${styles[state] ?? ''}`} />
                {t(`leadState.${state}`)}
              </dt>
              <dd className="figures">{count(leads[state] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}
