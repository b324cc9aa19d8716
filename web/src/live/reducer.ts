// The live picture of the installation, as one value. Pure: messages in, the next picture out.

import type { Agent, Command, ImportSummary } from '@/api/types'

import { advanced, heard, type ServerClock } from './clock'
import type { LiveCampaign, LiveEvent, LiveMessage } from './messages'

export interface LiveState {
  /** The last event that is in the picture; what a new connection resumes after. */
  seq: number | null
  campaigns: Readonly<Record<string, LiveCampaign>>
  agents: Readonly<Record<string, Agent>>
  imports: Readonly<Record<string, ImportSummary>>
  commands: Readonly<Record<string, Command>>
  /** Counts calls and notes seen, so that pages which list them know when to ask again. */
  calls: number
  clock: ServerClock | null
  /** When the figures were heard last, in the browser's time; what is old is marked so. */
  heardAtMs: number | null
}

export const EMPTY: LiveState = {
  seq: null,
  campaigns: {},
  agents: {},
  imports: {},
  commands: {},
  calls: 0,
  clock: null,
  heardAtMs: null,
}

const KEPT_COMMANDS = 200

const byId = <T extends { id: string }>(items: T[]) =>
  Object.fromEntries(items.map((item) => [item.id, item]))

export function reduce(state: LiveState, message: LiveMessage, clientMs: number): LiveState {
  switch (message.type) {
    case 'snapshot': {
      const lives = message.campaigns.flatMap((campaign) => campaign.live ?? [])
      return {
        ...state,
        seq: message.seq,
        campaigns: byId(message.campaigns),
        agents: byId(message.agents),
        clock: lives.reduce(
          (clock, live) => heard(clock, live.at, clientMs, live.speed),
          state.clock,
        ),
        heardAtMs: lives.some((live) => !live.stale) ? clientMs : state.heardAtMs,
      }
    }
    case 'live':
      return withFigures(state, message.campaigns, clientMs)
    case 'event':
      // A connection that resumed may hear the last event a second time.
      if (state.seq !== null && message.seq <= state.seq) return state
      return { ...withEvent(state, message, clientMs), seq: message.seq }
    case 'resumed':
    case 'ping':
      return state
  }
}

type Figures = Extract<LiveMessage, { type: 'live' }>['campaigns']

function withFigures(state: LiveState, figures: Figures, clientMs: number): LiveState {
  const campaigns = { ...state.campaigns }
  let { clock, heardAtMs } = state
  for (const { id, live, report } of figures) {
    const known = campaigns[id]
    if (known === undefined) continue
    campaigns[id] = {
      ...known,
      live: live ?? known.live,
      report: report ?? known.report,
      state: live?.state ?? known.state,
      target: live?.target ?? known.target,
    }
    if (live !== null && !live.stale) {
      clock = heard(clock, live.at, clientMs, live.speed)
      heardAtMs = clientMs
    }
  }
  return { ...state, campaigns, clock, heardAtMs }
}

function withEvent(state: LiveState, event: LiveEvent, clientMs: number): LiveState {
  switch (event.topic) {
    case 'agent':
      return {
        ...state,
        agents: {
          ...state.agents,
          [event.data.id]: { ...state.agents[event.data.id], ...event.data },
        },
        clock: advanced(state.clock, event.data.state_since, clientMs),
      }
    case 'campaign': {
      const known = state.campaigns[event.data.id]
      if (known === undefined) return state
      return {
        ...state,
        campaigns: { ...state.campaigns, [known.id]: { ...known, ...event.data } },
      }
    }
    case 'import':
      return { ...state, imports: { ...state.imports, [event.data.id]: event.data } }
    case 'command': {
      const entries = Object.entries({ ...state.commands, [event.data.id]: event.data })
      return { ...state, commands: Object.fromEntries(entries.slice(-KEPT_COMMANDS)) }
    }
    case 'call':
    case 'note':
      return { ...state, calls: state.calls + 1 }
    default:
      return state
  }
}

/** Takes an answer about an agent, unless an event has told of a later state already. */
export function withAgent(state: LiveState, told: Agent): LiveState {
  const known = state.agents[told.id]
  if (known !== undefined && Date.parse(known.state_since) > Date.parse(told.state_since))
    return state
  return { ...state, agents: { ...state.agents, [told.id]: told } }
}
