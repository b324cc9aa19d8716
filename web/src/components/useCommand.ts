import { useMutation } from '@tanstack/react-query'

import type { Command } from '@/api/types'

import { tellCommand, tellError } from './tell'

/** Sends a command and says what came of it. */
export function useCommand<T>(send: (input: T) => Promise<Command>, done: (input: T) => string) {
  return useMutation({
    mutationFn: send,
    onSuccess: (command, input) => tellCommand(command, done(input)),
    onError: tellError,
  })
}
