// Which column of a file is what. Pure: the server's guess in, the server's options out.

import type { ImportOptions, Preview } from '@/api/types'

export const ROLES = [
  'phone',
  'name',
  'first_name',
  'last_name',
  'external_id',
  'timezone',
  'priority',
  'country',
] as const
export type Role = (typeof ROLES)[number] | 'field'

/** One role per column, in the file's order. What has no role is kept as a field of the lead. */
export type Mapping = Role[]

export function guessed({ columns, guess }: Preview): Mapping {
  return columns.map((column) => {
    for (const role of ROLES) {
      const named = guess[role]
      if (Array.isArray(named) ? named.includes(column) : named === column) return role
    }
    return 'field'
  })
}

/** A role other than phone belongs to one column: who takes it last has it. */
export function assign(mapping: Mapping, index: number, role: Role): Mapping {
  const isMany = role === 'phone' || role === 'field'
  return mapping.map((old, i) => {
    if (i === index) return role
    return !isMany && old === role ? 'field' : old
  })
}

export type MappingProblem = 'noPhone' | 'sameName'

export function problemOf(columns: readonly string[], mapping: Mapping): MappingProblem | null {
  if (!mapping.includes('phone')) return 'noPhone'
  // Columns are named to the server: two of one name cannot be told apart.
  const named = columns.filter((_, i) => mapping[i] !== 'field')
  const isTwice = named.some((name) => columns.indexOf(name) !== columns.lastIndexOf(name))
  return isTwice ? 'sameName' : null
}

export function toOptions(
  columns: readonly string[],
  mapping: Mapping,
  settings: { listName: string; region: string; timezone: string | null },
): ImportOptions {
  const options: Record<string, unknown> = {
    phone_columns: columns.filter((_, i) => mapping[i] === 'phone'),
    region: settings.region,
  }
  for (const role of ROLES) {
    const index = mapping.indexOf(role)
    if (role !== 'phone' && index >= 0) options[`${role}_column`] = columns[index]
  }
  if (settings.listName.trim()) options.list_name = settings.listName.trim()
  if (settings.timezone !== null) options.timezone = settings.timezone
  return options
}
