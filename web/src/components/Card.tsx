import { Group, Title, type TitleOrder } from '@mantine/core'
import { type ReactNode, useId } from 'react'

interface Props {
  title: string
  order?: TitleOrder
  aside?: ReactNode
  className?: string | undefined
  children: ReactNode
}

/** A titled part of a page; a landmark, so that it can be jumped to. */
export function Card({ title, order = 2, aside, className, children }: Props) {
  const id = useId()
  return (
    <section className={`card ${className ?? ''}`} aria-labelledby={id}>
      <Group justify="space-between" wrap="nowrap" mb={6} gap="xs">
        <Title id={id} order={order} size="sm" fw={600} c="dimmed">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </section>
  )
}
