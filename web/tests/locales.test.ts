import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import en from '@/locales/en.json'

const SOURCES = join(import.meta.dirname, '..', 'src')

function keys(node: object, path = ''): string[] {
  return Object.entries(node).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? keys(value, `${path}${name}.`)
      : [`${path}${name}`.replace(/_(one|other)$/, '')],
  )
}

const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf-8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  .map((name) => [name, readFileSync(join(SOURCES, name), 'utf-8')] as const)
const text = sources.map(([, content]) => content).join('\n')
const known = new Set(keys(en))
/** 'agentState.' of t(`agentState.${state}`): all below is used; the compiler holds the names to it. */
const families = [...text.matchAll(/t\(\s*`([\w.]+\.(?:\w*))\$\{/g)].map((match) => match[1] ?? '')

describe('the texts', () => {
  it('are all there', () => {
    const used = [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => match[1] ?? '')
    expect(used.length).toBeGreaterThan(100)
    expect(used.filter((key) => !known.has(key))).toEqual([])
    expect(families.filter((start) => ![...known].some((key) => key.startsWith(start)))).toEqual([])
  })

  it('are all used', () => {
    const isUsed = (key: string) =>
      text.includes(`'${key}'`) || families.some((start) => key.startsWith(start))
    expect([...known].filter((key) => !isUsed(key))).toEqual([])
  })

  it('stand in no page: words between tags come from en.json', () => {
    const spoken = />\s*[A-Z][a-z]+ [a-z]+[^<>{}=;()]*<\//
    expect(
      sources.filter(([name, content]) => name.endsWith('.tsx') && spoken.test(content)),
    ).toEqual([])
  })

  it('have a sentence for every reason of the dialer', () => {
    const limits = readFileSync(join(SOURCES, '..', '..', 'models', 'limits.py'), 'utf-8')
    const codes = [...limits.matchAll(/^ {4}"(\w+)":/gm)].map((match) => match[1])
    expect(codes.length).toBeGreaterThan(15)
    expect(codes.toSorted()).toEqual(Object.keys(en.limits.code).toSorted())
    expect(codes.toSorted()).toEqual(Object.keys(en.limits.help).toSorted())
  })
})
