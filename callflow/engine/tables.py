"""The three state machines as data: (state, event) -> state. What is not here is illegal: nothing changes,
it is counted.

Agent. READY means: the standing leg is parked and nobody has the agent. The leg may be lost in WRAP_UP or
PAUSED without a change of state; it is dialed again meanwhile, and `*_NO_LEG` is how such a state ends
before it is back. A pause or logout asked for in a call takes effect at the end of wrap-up (`*_PAUSED`,
`*_LOGGED_OUT`). ON_HOLD: the agent's leg is on hold, by command or by the phone's own key, and the customer
hears the switch's music; the bridge stays.

Leg. ENDED is final: after it no event moves the leg. WAITING is the switch's own list holding the deadline.

Recording, of a customer's leg. STARTING: the switch was told and has not said that it records. MASKED: it
records silence. ENDED is final; another recording of the same call is another file.

Attempt. Exactly one CLOSED, which carries the outcome. MESSAGE means abandoned: the switch's message has
begun, or the deadline passed unbridged. BRIDGING goes back to ANSWERED when the agent's leg proved dead.
"""

from __future__ import annotations

from enum import StrEnum

from models.enums import AgentState, AttemptState


class AgentEvent(StrEnum):
    LOGIN = "login"
    LEG_UP = "leg_up"
    LEG_DOWN = "leg_down"
    PHONE_UNREACHABLE = "phone_unreachable"
    RESERVE = "reserve"
    RELEASED = "released"
    RELEASED_PAUSED = "released_paused"
    RELEASED_LOGGED_OUT = "released_logged_out"
    BRIDGED = "bridged"
    HOLD = "hold"
    UNHOLD = "unhold"
    CALL_ENDED = "call_ended"
    WRAPPED = "wrapped"
    WRAPPED_NO_LEG = "wrapped_no_leg"
    WRAPPED_PAUSED = "wrapped_paused"
    WRAPPED_LOGGED_OUT = "wrapped_logged_out"
    PAUSE = "pause"
    RESUME = "resume"
    RESUME_NO_LEG = "resume_no_leg"
    LOGOUT = "logout"


class LegState(StrEnum):
    SENT = "sent"
    CREATED = "created"
    RINGING = "ringing"
    ANSWERED = "answered"
    WAITING = "waiting"
    MESSAGE = "message"
    PARKED = "parked"
    BRIDGED = "bridged"
    ENDED = "ended"


class LegEvent(StrEnum):
    CREATE = "create"
    PROGRESS = "progress"
    ANSWER = "answer"
    WAIT = "wait"
    MESSAGE = "message"
    PARK = "park"
    BRIDGE = "bridge"
    END = "end"


class RecordingState(StrEnum):
    ANNOUNCING = "announcing"
    STARTING = "starting"
    RECORDING = "recording"
    MASKED = "masked"
    ENDED = "ended"


class RecordingEvent(StrEnum):
    ANNOUNCED = "announced"
    STARTED = "started"
    MASKED = "masked"
    UNMASKED = "unmasked"
    END = "end"


class AttemptEvent(StrEnum):
    SEND = "send"
    RING = "ring"
    ANSWER = "answer"
    MATCH = "match"
    UNMATCH = "unmatch"
    BRIDGE = "bridge"
    EXPIRE = "expire"
    CLOSE = "close"


_A, _E = AgentState, AgentEvent
AGENT: dict[tuple[AgentState, AgentEvent], AgentState] = {
    (_A.LOGGED_OUT, _E.LOGIN): _A.CONNECTING,
    (_A.CONNECTING, _E.LEG_UP): _A.READY,
    (_A.CONNECTING, _E.LEG_DOWN): _A.CONNECTING,
    (_A.CONNECTING, _E.PHONE_UNREACHABLE): _A.LOGGED_OUT,
    (_A.CONNECTING, _E.PAUSE): _A.PAUSED,
    (_A.CONNECTING, _E.LOGOUT): _A.LOGGED_OUT,
    (_A.READY, _E.RESERVE): _A.RESERVED,
    (_A.READY, _E.LEG_DOWN): _A.CONNECTING,
    (_A.READY, _E.PAUSE): _A.PAUSED,
    (_A.READY, _E.LOGOUT): _A.LOGGED_OUT,
    (_A.RESERVED, _E.BRIDGED): _A.TALKING,
    (_A.RESERVED, _E.RELEASED): _A.READY,
    (_A.RESERVED, _E.RELEASED_PAUSED): _A.PAUSED,
    (_A.RESERVED, _E.RELEASED_LOGGED_OUT): _A.LOGGED_OUT,
    (_A.RESERVED, _E.LEG_DOWN): _A.CONNECTING,
    (_A.TALKING, _E.CALL_ENDED): _A.WRAP_UP,
    (_A.TALKING, _E.LEG_DOWN): _A.WRAP_UP,
    (_A.TALKING, _E.HOLD): _A.ON_HOLD,
    (_A.ON_HOLD, _E.UNHOLD): _A.TALKING,
    (_A.ON_HOLD, _E.CALL_ENDED): _A.WRAP_UP,
    (_A.ON_HOLD, _E.LEG_DOWN): _A.WRAP_UP,
    (_A.WRAP_UP, _E.WRAPPED): _A.READY,
    (_A.WRAP_UP, _E.WRAPPED_NO_LEG): _A.CONNECTING,
    (_A.WRAP_UP, _E.WRAPPED_PAUSED): _A.PAUSED,
    (_A.WRAP_UP, _E.WRAPPED_LOGGED_OUT): _A.LOGGED_OUT,
    (_A.WRAP_UP, _E.LEG_UP): _A.WRAP_UP,
    (_A.WRAP_UP, _E.LEG_DOWN): _A.WRAP_UP,
    (_A.PAUSED, _E.RESUME): _A.READY,
    (_A.PAUSED, _E.RESUME_NO_LEG): _A.CONNECTING,
    (_A.PAUSED, _E.LEG_UP): _A.PAUSED,
    (_A.PAUSED, _E.LEG_DOWN): _A.PAUSED,
    (_A.PAUSED, _E.PHONE_UNREACHABLE): _A.LOGGED_OUT,
    (_A.PAUSED, _E.LOGOUT): _A.LOGGED_OUT,
}

_L, _V = LegState, LegEvent
LEG: dict[tuple[LegState, LegEvent], LegState] = {
    (_L.SENT, _V.CREATE): _L.CREATED,
    (_L.SENT, _V.END): _L.ENDED,
    (_L.CREATED, _V.PROGRESS): _L.RINGING,
    (_L.CREATED, _V.ANSWER): _L.ANSWERED,
    (_L.CREATED, _V.END): _L.ENDED,
    (_L.RINGING, _V.ANSWER): _L.ANSWERED,
    (_L.RINGING, _V.END): _L.ENDED,
    (_L.ANSWERED, _V.WAIT): _L.WAITING,
    (_L.ANSWERED, _V.PARK): _L.PARKED,
    (_L.ANSWERED, _V.END): _L.ENDED,
    (_L.WAITING, _V.BRIDGE): _L.BRIDGED,
    (_L.WAITING, _V.MESSAGE): _L.MESSAGE,
    (_L.WAITING, _V.END): _L.ENDED,
    (_L.MESSAGE, _V.BRIDGE): _L.BRIDGED,
    (_L.MESSAGE, _V.END): _L.ENDED,
    (_L.PARKED, _V.BRIDGE): _L.BRIDGED,
    (_L.PARKED, _V.END): _L.ENDED,
    (_L.BRIDGED, _V.PARK): _L.PARKED,
    (_L.BRIDGED, _V.END): _L.ENDED,
}

_T, _X = AttemptState, AttemptEvent
ATTEMPT: dict[tuple[AttemptState, AttemptEvent], AttemptState] = {
    (_T.CLAIMED, _X.SEND): _T.DIALING,
    (_T.CLAIMED, _X.CLOSE): _T.CLOSED,
    (_T.DIALING, _X.RING): _T.RINGING,
    (_T.DIALING, _X.ANSWER): _T.ANSWERED,
    (_T.DIALING, _X.CLOSE): _T.CLOSED,
    (_T.RINGING, _X.ANSWER): _T.ANSWERED,
    (_T.RINGING, _X.CLOSE): _T.CLOSED,
    (_T.ANSWERED, _X.MATCH): _T.BRIDGING,
    (_T.ANSWERED, _X.EXPIRE): _T.MESSAGE,
    (_T.ANSWERED, _X.CLOSE): _T.CLOSED,
    (_T.BRIDGING, _X.BRIDGE): _T.CONNECTED,
    (_T.BRIDGING, _X.UNMATCH): _T.ANSWERED,
    (_T.BRIDGING, _X.CLOSE): _T.CLOSED,
    (_T.CONNECTED, _X.CLOSE): _T.CLOSED,
    (_T.MESSAGE, _X.CLOSE): _T.CLOSED,
}

_R, _Y = RecordingState, RecordingEvent
RECORDING: dict[tuple[RecordingState, RecordingEvent], RecordingState] = {
    (_R.ANNOUNCING, _Y.ANNOUNCED): _R.STARTING,
    (_R.ANNOUNCING, _Y.END): _R.ENDED,
    (_R.STARTING, _Y.STARTED): _R.RECORDING,
    (_R.STARTING, _Y.END): _R.ENDED,
    (_R.RECORDING, _Y.MASKED): _R.MASKED,
    (_R.RECORDING, _Y.END): _R.ENDED,
    (_R.MASKED, _Y.UNMASKED): _R.RECORDING,
    (_R.MASKED, _Y.END): _R.ENDED,
}
