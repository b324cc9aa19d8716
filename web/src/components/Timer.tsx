import { useServerNow } from '@/live/hooks'
import { duration, secondsBetween } from '@/lib/format'

/** Time since a moment of the dialer's clock. Not announced: it changes every second. */
export function Timer({ since }: { since: string }) {
  const now = useServerNow()
  return (
    <span className="timer" role="timer" aria-live="off">
      {duration(secondsBetween(since, now))}
    </span>
  )
}
