import { useTranslation } from 'react-i18next'

import { perCent } from '@/lib/format'

import styles from './AbandonScale.module.css'
import { position, scaleEnd } from './scale'

interface Props {
  rate: number | null
  low: number
  high: number
  target: number
  cap: number
}

/** The rate as a point, its 95 % interval as a band, target and cap as marks. The figures stand beside it. */
export function AbandonScale({ rate, low, high, target, cap }: Props) {
  const { t } = useTranslation()
  const end = scaleEnd(rate, high, cap)
  const at = (share: number) => `${position(share, end)}%`
  const areOne = Math.abs(target - cap) / end < 0.005
  return (
    <div
      className={styles.scale}
      role="img"
      aria-label={t('abandon.scale', { target: perCent(target), cap: perCent(cap) })}
    >
      <div className={styles.track} />
      {rate !== null && (
        <>
          <div
            className={styles.band}
            style={{ left: at(low), width: `${position(high, end) - position(low, end)}%` }}
          />
          <div className={styles.point} style={{ left: at(rate) }} />
        </>
      )}
      <div className={styles.cap} style={{ left: at(cap) }} />
      <div className={styles.target} style={{ left: at(target) }} />
      {areOne ? (
        <div className={styles.below} style={{ left: at(cap) }}>
          {t('abandon.both', { share: perCent(cap) })}
        </div>
      ) : (
        <>
          <div className={styles.above} style={{ left: at(target) }}>
            {t('abandon.target', { share: perCent(target) })}
          </div>
          <div className={styles.below} style={{ left: at(cap) }}>
            {t('abandon.cap', { share: perCent(cap) })}
          </div>
        </>
      )}
    </div>
  )
}
