/** A lead's own field as text; what is not text in the list is shown as it was kept. */
export function shownField(value: unknown): string {
  if (typeof value === 'string') return value
  return value === null || value === undefined ? '' : JSON.stringify(value)
}
