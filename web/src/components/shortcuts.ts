// Single-key shortcuts of the page that is open. They can be switched off (WCAG 2.1.4) and never fire while
// somebody types or a dialog is open.

import { useEffect, useRef } from 'react'

export interface Shortcut {
  /** One key, or two in sequence with a space: 'g w'. */
  keys: string
  label: string
  run: () => void
}

const registered = new Set<{ current: Shortcut[] }>()
const OFF = 'ringmaster-shortcuts-off'

export function shortcutsAreOn(): boolean {
  return localStorage.getItem(OFF) === null
}

export function switchShortcuts(on: boolean): void {
  if (on) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '1')
}

export function allShortcuts(): Shortcut[] {
  return [...registered].flatMap((list) => list.current)
}

/** Offers these while the component is on the page. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const list = useRef(shortcuts)
  useEffect(() => {
    list.current = shortcuts
  })
  useEffect(() => {
    registered.add(list)
    return () => void registered.delete(list)
  }, [])
}

const TYPING = 'input, textarea, select, [contenteditable="true"], [role="listbox"], [role="menu"]'

/** Listens to the keyboard; returns what ends it. */
export function listen(): () => void {
  let first = ''
  let forget: ReturnType<typeof setTimeout> | undefined
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return
    const target = event.target instanceof Element ? event.target : null
    if (target?.closest(TYPING) || document.querySelector('[role="dialog"]')) return
    const typed = first ? `${first} ${event.key}` : event.key
    first = ''
    const all = allShortcuts()
    const match = all.find(({ keys }) => keys === typed)
    if (match && (shortcutsAreOn() || match.keys === '?')) {
      event.preventDefault()
      match.run()
    } else if (all.some(({ keys }) => keys.startsWith(`${event.key} `))) {
      first = event.key
      clearTimeout(forget)
      forget = setTimeout(() => (first = ''), 1500)
    }
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}
