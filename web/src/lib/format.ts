// Figures as people read them. Rates are fractions and shown as per cent; durations are seconds.

/** The page's language, as the user's own country writes it where the browser says so. */
export function locale(): string {
  const language = document.documentElement.lang || 'en'
  return navigator.languages.find((one) => one.split('-')[0] === language) ?? language
}

export function perCent(share: number, digits = 1): string {
  return new Intl.NumberFormat(locale(), {
    style: 'percent',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(share)
}

export function count(value: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value)
}

export function decimal(value: number, digits = 1): string {
  return new Intl.NumberFormat(locale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

/** 75 → 1:15, 3700 → 1:01:40. What is negative (clocks differ by a little) is 0:00. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const pad = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`
}

export function timeOfDay(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { hour: 'numeric', minute: '2-digit' }).format(
    new Date(iso),
  )
}

export function dateAndTime(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(iso),
  )
}

/** The time alone if it is of today. */
export function moment(iso: string): string {
  const isToday = new Date(iso).toDateString() === new Date().toDateString()
  return isToday ? timeOfDay(iso) : dateAndTime(iso)
}

export function secondsBetween(fromIso: string, toMs: number): number {
  return (toMs - Date.parse(fromIso)) / 1000
}

// Marks that turn the reading direction of what follows: a name from a file must not re-order the page.
const TURNS = /[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]/g

/** A stranger's text on one line: no direction marks, no control characters. */
export function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(TURNS, '').replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ')
}
