// Short messages at the edge of the page: what a command came to, and what went wrong.

import { notifications } from '@mantine/notifications'

import { inWords } from '@/api/problem'
import type { Command } from '@/api/types'
import i18n from '@/i18n'

export function tell(message: string): void {
  notifications.show({ message, color: 'teal', autoClose: 4000, closeButtonProps: close() })
}

export function tellError(error: unknown): void {
  notifications.show({
    title: i18n.t('problem.title'),
    message: inWords(error),
    color: 'red',
    autoClose: 10_000,
    role: 'alert',
    closeButtonProps: close(),
  })
}

/** The dialer answers most commands at once; what it has not answered yet is said to be on its way. */
export function tellCommand(command: Command, done: string): void {
  if (command.status === 'done') tell(done)
  else if (command.status === 'pending' || command.status === 'taken')
    tell(i18n.t('command.onItsWay'))
  else tellError(new Error(command.detail))
}

const close = () => ({ 'aria-label': i18n.t('common.close') })
