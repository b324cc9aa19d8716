import { getAgent } from '@/api/endpoints'
import type { Command } from '@/api/types'
import { store } from '@/live/store'

import { useCommand } from './useCommand'

/** A command about an agent. What it changes but their state (what follows the call) is asked for afterwards. */
export function useAgentCommand<T>(
  agentId: string,
  send: (input: T) => Promise<Command>,
  done: (input: T) => string,
) {
  return useCommand(async (input: T) => {
    const command = await send(input)
    store.learned(await getAgent(agentId))
    return command
  }, done)
}
