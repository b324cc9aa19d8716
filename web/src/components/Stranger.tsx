import { plainText } from '@/lib/format'

/** A name or a text from outside: shown as text, on one line if asked, in its own writing direction. */
export function Stranger({ text, clip = false }: { text: string; clip?: boolean }) {
  const shown = plainText(text)
  return (
    <bdi
      className={clip ? 'stranger clip' : 'stranger'}
      title={clip ? shown.slice(0, 500) : undefined}
    >
      {shown}
    </bdi>
  )
}
