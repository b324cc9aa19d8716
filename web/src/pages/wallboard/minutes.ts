import type { SeriesPoint } from '@/api/types'
import { timeOfDay } from '@/lib/format'

export interface Minute extends Omit<SeriesPoint, 'occupancy'> {
  time: string
  /** Null where nobody was at work: that is not an occupancy of 0. */
  occupancy: number | null
}

/** The least that is drawn, so that the first minutes of a campaign are not one wide bar. */
const FEWEST = 15

/** From the first minute in which anything happened, with the time of day as the chart shows it. */
export function minutesOf(items: readonly SeriesPoint[]): Minute[] {
  const first = items.findIndex((item) => item.attempts > 0 || item.occupancy > 0)
  const from = first < 0 ? items.length : first
  return items.slice(Math.max(0, Math.min(from, items.length - FEWEST))).map((item) => ({
    ...item,
    time: timeOfDay(item.at),
    occupancy: item.attempts > 0 || item.occupancy > 0 ? item.occupancy : null,
  }))
}
