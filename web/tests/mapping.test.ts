import { describe, expect, it } from 'vitest'

import type { Preview } from '@/api/types'
import { assign, guessed, problemOf, toOptions } from '@/pages/campaign/mapping'

const preview: Preview = {
  columns: ['Nombre', 'Móvil', 'Fijo', 'Ciudad'],
  rows: [],
  encoding: 'utf-8',
  delimiter: ';',
  guess: { phone: ['Móvil', 'Fijo'], name: 'Nombre' },
}
const SETTINGS = { listName: ' spring ', region: 'ES', timezone: null }

describe('the mapping of columns', () => {
  it("begins with the server's guess", () => {
    expect(guessed(preview)).toEqual(['name', 'phone', 'phone', 'field'])
  })
  it('gives a role to one column, and phone to as many as have it', () => {
    const mapping = guessed(preview)
    expect(assign(mapping, 3, 'name')).toEqual(['field', 'phone', 'phone', 'name'])
    expect(assign(mapping, 0, 'phone')).toEqual(['phone', 'phone', 'phone', 'field'])
  })
  it('becomes options that name what was chosen and nothing else', () => {
    expect(toOptions(preview.columns, guessed(preview), SETTINGS)).toEqual({
      phone_columns: ['Móvil', 'Fijo'],
      name_column: 'Nombre',
      list_name: 'spring',
      region: 'ES',
    })
  })
  it('brings the time zone if one was chosen', () => {
    const options = toOptions(preview.columns, guessed(preview), {
      ...SETTINGS,
      timezone: 'Europe/Madrid',
    })
    expect(options.timezone).toBe('Europe/Madrid')
  })
  it('needs a phone number', () => {
    expect(problemOf(['a'], ['field'])).toBe('noPhone')
    expect(problemOf(['a'], ['phone'])).toBeNull()
  })
  it('refuses names that the server could not tell apart', () => {
    expect(problemOf(['x', 'x'], ['phone', 'field'])).toBe('sameName')
    expect(problemOf(['x', 'x', 'p'], ['field', 'field', 'phone'])).toBeNull()
  })
})
