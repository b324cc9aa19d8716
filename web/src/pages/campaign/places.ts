// Countries and time zones by the browser's own names.

import { locale } from '@/lib/format'

const COUNTRIES =
  'AR AT AU BE BG BO BR CA CH CL CO CR CU CY CZ DE DK DO EC EE ES FI FR GB GR GT HK HN HR HU IE IL IN IS IT JP KR LT LU LV MA MT MX NI NL NO NZ PA PE PH PL PR PT PY RO RS SE SG SI SK SV TN TR UA US UY VE ZA'

export function countries(): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([locale()], { type: 'region' })
  return COUNTRIES.split(' ')
    .map((code) => ({ value: code, label: `${names.of(code) ?? code} (${code})` }))
    .toSorted((a, b) => a.label.localeCompare(b.label))
}

export function timezones(): string[] {
  return Intl.supportedValuesOf('timeZone')
}

/** The country that this browser is set to, if it says one. */
export function likelyCountry(): string {
  const region = new Intl.Locale(navigator.language).region
  return region !== undefined && COUNTRIES.split(' ').includes(region) ? region : 'US'
}
