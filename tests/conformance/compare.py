"""What is compared between a recording and the simulator, and the declared normalisations.

Compared: every reply in order; per leg the order of its events, the order of its states, causes, applications
with their responses; which header names an event has; the values in `VALUES`; the moments of the call to
`TOLERANCE` seconds; the result of every job.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from esl.codec import CommandReply
from esl.events import Event
from tests.conformance.replay import Heard, by_leg, describe

TOLERANCE = 0.13

# Replies that tell about the machine or its configuration: only that there is one is compared.
MACHINE = re.compile(
    r"^api (status|hostname|global_getvar$|eval|time_test|help|complete|fifo|stun|sofia|load|"
    r"conference .*json_list|"
    r"uptime|strftime|strepoch|callcenter_config|bgapi|uuid_dump|uuid_codec_debug|uuid_preprocess|uuid_audio|sched_api|"
    r"unsched_api|limit_usage|expr|regex|cond|show (modules|api|tasks)|show .* as xml|show detailed)"
)
# FreeSWITCH sends these to one thread's or another's convenience (FACTS section 5).
UNORDERED = frozenset({"CALL_UPDATE", "CHANNEL_STATE", "CHANNEL_UNPARK", "CODEC", "CHANNEL_CALLSTATE"})
# A second leg sometimes shows CONSUME_MEDIA for a moment before EXCHANGE_MEDIA (e01, e06; not in e03).
MOMENTARY = "CS_CONSUME_MEDIA"
# Set by the partner's thread at its own moment: before or after the same event, from file to file.
RACING = frozenset({"variable_bridge_hangup_cause"})
# `fsctl hupall` hangs up in the order of a hash table: of two bridged legs now the one (f01), now the other
# (f09) is first, and only the one that is still up then learns why its partner ended.
TOGETHER = frozenset({"variable_last_bridge_hangup_cause"})
VALUES = (
    "Hangup-Cause",
    "Answer-State",
    "Call-Direction",
    "Application",
    "Application-Data",
    "Application-Response",
    "Other-Leg-Unique-ID",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "Caller-Destination-Number",
    "Caller-Orig-Caller-ID-Number",
    "Caller-Caller-ID-Name",
    "Caller-Caller-ID-Number",
    "Caller-Callee-ID-Number",
    "variable_hangup_cause",
    "variable_hangup_cause_q850",
    "variable_sip_term_status",
    "variable_sip_invite_failure_status",
    "variable_sip_hangup_disposition",
    "variable_proto_specific_hangup_cause",
    "variable_endpoint_disposition",
    "variable_bridge_uuid",
    "variable_signal_bond",
    "variable_last_bridge_to",
    "variable_current_application",
    "variable_last_app",
)
MOMENTS = ("Answered", "Progress", "Progress-Media", "Hangup", "Bridged")
KEY_EVENTS = frozenset(
    {
        "CHANNEL_CREATE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_ANSWER",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_PARK",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_DESTROY",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
        "COMMAND",
        "CUSTOM",
        "DTMF",
        "MEDIA_BUG_START",
        "MEDIA_BUG_STOP",
        "PRIVATE_COMMAND",
        "RECORD_START",
        "RECORD_STOP",
    }
)


@dataclass(frozen=True)
class Leeway:
    """What may differ besides, where the other side is no simulator but a switch with its own configuration.

    Attributes:
        replies: commands whose replies tell about the machine or its configuration.
        variables: that its configuration makes it set, or not.
        renamed: (there, in the recording) of texts in values.
        elsewhere: events that another leg's thread sends at its own moment, compared among themselves.
    """

    replies: re.Pattern[str] = MACHINE
    variables: frozenset[str] = RACING
    renamed: tuple[tuple[str, str], ...] = ()
    elsewhere: frozenset[str] = frozenset()

    def recorded(self, value: str | None) -> str | None:
        """A value of the other side as the recording would have it."""
        for there, here in self.renamed:
            value = value.replace(there, here) if value is not None else None
        return value


STRICT = Leeway()
MADE = "made "


def differences(real: Heard, ours: Heard, sends: list[str], leeway: Leeway = STRICT) -> list[str]:
    """Every difference, in words; empty: the simulator does what FreeSWITCH did."""
    return _differences(real, ours, sends, leeway, headers=True)


def event_differences(real: Heard, ours: Heard, sends: list[str], leeway: Leeway = STRICT) -> list[str]:
    """The same without looking at header names and values."""
    return _differences(real, ours, sends, leeway, headers=False)


def _differences(real: Heard, ours: Heard, sends: list[str], leeway: Leeway, *, headers: bool) -> list[str]:
    found = [*_replies(real, ours, sends, leeway), *_jobs(real, ours)]
    if _unloaded(real) != _unloaded(ours):
        found.append("the shutdown went otherwise")
    if ours.formats - real.formats:
        found.append(f"events in {real.formats}, here in {ours.formats}")
    if _fired(real) != _fired(ours):
        found.append(f"events of a client: recorded {_fired(real)}, here {_fired(ours)}")
    if real.closed and not ours.closed and any("exit" in line for line in sends):
        found.append("it did not close")
    asked = "".join(sends)
    legs, our_legs = _own_legs(real, asked), _own_legs(ours, asked)
    if len(legs) != len(our_legs):
        found.append(f"legs: {len(legs)} recorded, {len(our_legs)} here")
    own, our_own = _own(real, asked), _own(ours, asked)
    if own != our_own:
        found.append(f"of no leg: recorded {own}, here {our_own}")
    both = [name for name in legs if name in our_legs]
    same = tuple((our_legs[name][0].uuid, legs[name][0].uuid) for name in both if name.startswith(MADE))
    allowed = replace(leeway, renamed=(*leeway.renamed, *same, *ours.renamed.items()))
    for name in both:
        found += [f"{name[:8]}: {text}" for text in _leg(legs[name], our_legs[name], headers, allowed)]
    return found


# Events of no leg that are the recording's own: (header that is named in it, headers that tell them apart).
OWN = {
    "ADD_SCHEDULE": ("Task-Group", ("Task-Desc", "Task-Group")),
    "DEL_SCHEDULE": ("Task-Group", ("Task-Desc", "Task-Group")),
    "CUSTOM": ("Conference-Name", ("Conference-Name", "Action", "File", "Path", "New-ID")),
}


def _own(heard: Heard, asked: str) -> list[str]:
    """What the scheduler was given and what it took away, and what became of a conference, in order."""
    found = []
    for event in heard.events():
        named, shown = OWN.get(event.name, ("", ()))
        if named and not event.uuid and (event.get(named) or "\n\n") in asked:
            found.append(" ".join([event.name, *(event.get(header) or "" for header in shown)]))
    return found


def _unloaded(heard: Heard) -> list[list[tuple[str, str]]]:
    """What went at a shutdown, with every header of its own, in order."""
    found = [event for event in heard.events() if event.name in ("SHUTDOWN", "MODULE_UNLOAD")]
    general = ("Event-Date", "Event-Sequence", "Event-Calling", "Core-UUID", "FreeSWITCH")
    return [[(n, v) for n, v in event.items() if not n.startswith(general)] for event in found]


def _fired(heard: Heard) -> list[tuple[object, ...]]:
    """What came of `sendevent`: every header but those that say when, where and which."""
    changing = ("Event-Date", "Event-UUID", "Event-Sequence", "Core-UUID", "FreeSWITCH")
    return [
        (*((n, "" if n.startswith(changing) else v) for n, v in event.items()), event.body)
        for event in heard.events()
        if (event.get("Command") or "").startswith("sendevent")
    ]


def _own_legs(heard: Heard, asked: str) -> dict[str, list[Event]]:
    """The legs of this recording: those that its client named and those that called in, by uuid, and those
    that the switch made by itself for `bridge` and the like, by the order of their creation."""
    all_legs = by_leg(heard.events())
    found = {
        uuid: _heard_by_chance(events)
        for uuid, events in all_legs.items()
        if uuid in asked or any(event.get("variable_sip_from_user") for event in events if _came_in(event))
    }
    others = [events for uuid, events in all_legs.items() if uuid not in found]
    made = [
        events for events in others if any(value in found for event in events for _, value in event.items())
    ]
    return {**found, **{f"{MADE}{number}": events for number, events in enumerate(made, 1)}}


def _came_in(event: Event) -> bool:
    return event.get("Call-Direction") == "inbound"


def _heard_by_chance(events: list[Event]) -> list[Event]:
    """Without the park of the `socket` application: whether a client's `myevents` comes before it or after
    is a matter of one millisecond in FreeSWITCH (g02, and g01, g03, g05)."""
    first = events[0]
    chance = first.name == "CHANNEL_PARK" and first.get("Call-Direction") == "inbound"
    return events[1:] if chance else events


def _replies(real: Heard, ours: Heard, sends: list[str], leeway: Leeway) -> Iterator[str]:
    theirs, mine = real.replies(), ours.replies()
    ended = any(describe(message).startswith("disconnect") for message in theirs)
    if len(theirs) != len(mine) and (ended or len(theirs) > len(mine)):  # some recordings just end (d16)
        yield f"replies: {len(theirs)} recorded, {len(mine)} here"
    commands = iter([line for line in sends if line.strip()])
    asked = ""
    for index, (a, b) in enumerate(zip(theirs, mine, strict=False)):
        if describe(a) != "auth/request" and not describe(a).startswith(("disconnect", "rude")):
            asked = next(commands, "")
        same = leeway.replies.match(asked) or _settled(describe(a)) == _settled(describe(b))
        if isinstance(a, CommandReply) and isinstance(b, CommandReply):
            theirs_only = {n for n, _ in a.headers} ^ {n for n, _ in b.headers}
            if theirs_only - leeway.variables:
                yield f"reply {index} to {asked!r}: headers differ: {sorted(theirs_only)}"
        if type(a) is not type(b) or not same:
            yield f"reply {index} to {asked!r}: {describe(a)} recorded, {describe(b)} here"


def _settled(text: str) -> str:
    """Uuids that the switch made itself are not compared."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)


def _jobs(real: Heard, ours: Heard) -> Iterator[str]:
    theirs = [_settled(e.text) for e in real.events() if e.name == "BACKGROUND_JOB"]  # type: ignore[attr-defined]
    mine = [_settled(e.text) for e in ours.events() if e.name == "BACKGROUND_JOB"]  # type: ignore[attr-defined]
    if Counter(theirs) != Counter(mine):
        yield f"jobs: {Counter(theirs)} recorded, {Counter(mine)} here"


# What besides its name tells one event of a kind from another.
TELLING = {
    "COMMAND": ("execute-app-name", "execute-app-arg"),
    "PRIVATE_COMMAND": ("execute-app-name", "execute-app-arg"),
    "CUSTOM": ("Event-Subclass", "Action", "Member-ID"),
    "DTMF": ("DTMF-Digit", "DTMF-Source"),
    "MEDIA_BUG_START": ("Media-Bug-Function", "Media-Bug-Target"),
    "MEDIA_BUG_STOP": ("Media-Bug-Function", "Media-Bug-Target"),
    "PLAYBACK_STOP": ("Playback-Status",),
    "RECORD_START": ("Record-File-Path",),
    "RECORD_STOP": ("Record-File-Path", "Record-Completion-Cause"),
}


def _label(event: Event) -> str:
    parts = [event.name, *(event.get(header) or "" for header in TELLING.get(event.name, ()))]
    if event.name == "CHANNEL_STATE":
        parts.append(event.get("Channel-State") or "")
    if event.name == "CHANNEL_CALLSTATE":
        parts.append(event.get("Channel-Call-State") or "")
    if event.name in ("CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE"):
        parts.append(event.get("Application") or "")
        parts.append(event.get("Application-Response") or "")
    if event.name in ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"):
        parts.append(event.get("Hangup-Cause") or "")
    return " ".join(part for part in parts if part)


def _leg(theirs: list[Event], mine: list[Event], headers: bool, leeway: Leeway) -> Iterator[str]:
    for what, keep in SEQUENCES.items():
        a = _apart([_label(e) for e in theirs if keep(e)], leeway)
        b = _apart([leeway.recorded(_label(e)) or "" for e in mine if keep(e)], leeway)
        if a != b:
            yield f"{what}: recorded {a}, here {b}"
    ours = iter(mine)
    for event in theirs:
        if event.name not in KEY_EVENTS or not headers:
            continue
        twin = next((e for e in ours if leeway.recorded(_label(e)) == _label(event)), None)
        if twin is not None:
            yield from _event(event, twin, leeway)


def _apart(labels: list[str], leeway: Leeway) -> list[str]:
    """What other legs' threads send, behind the leg's own."""
    return sorted(labels, key=lambda label: label.partition(" ")[0] in leeway.elsewhere)


def _state(event: Event) -> bool:
    return event.name == "CHANNEL_STATE" and not _momentary(event)


SEQUENCES: dict[str, Callable[[Event], bool]] = {
    "events": lambda e: e.name not in UNORDERED,
    "states": _state,
    "call states": lambda e: e.name == "CHANNEL_CALLSTATE",
    "unordered": lambda e: e.name in ("CODEC", "CHANNEL_UNPARK"),
}


def _momentary(event: Event) -> bool:
    return event.get("Channel-State") == MOMENTARY and event.get("Other-Leg-Unique-ID") is not None


def _event(a: Event, b: Event, leeway: Leeway) -> Iterator[str]:
    label = _label(a)
    theirs, mine = _names(a), _names(b)
    core_a = [n for n in theirs if not n.startswith("variable_")]
    core_b = [n for n in mine if not n.startswith("variable_")]
    if set(core_a) != set(core_b):
        yield f"{label}: headers -{sorted(set(core_a) - set(core_b))} +{sorted(set(core_b) - set(core_a))}"
    elif core_a != core_b:
        yield f"{label}: header order {core_a}, here {core_b}"
    missing, extra = set(theirs) - set(mine), set(mine) - set(theirs)
    free = leeway.variables | (TOGETHER if a.get("Hangup-Cause") == "MANAGER_REQUEST" else set())
    missing_v = sorted(n for n in missing - free if n.startswith("variable_"))
    extra_v = sorted(n for n in extra - free if n.startswith("variable_"))
    if missing_v or extra_v:
        yield f"{label}: variables -{missing_v} +{extra_v}"
    for name in VALUES:
        if a.get(name) != leeway.recorded(b.get(name)):
            yield f"{label}: {name} is {a.get(name)!r}, here {b.get(name)!r}"
    for moment in MOMENTS:
        yield from _moment(label, f"Caller-Channel-{moment}-Time", a, b)


def _moment(label: str, name: str, a: Event, b: Event) -> Iterator[str]:
    started = "Caller-Channel-Created-Time"
    x, y = int(a.get(name) or 0), int(b.get(name) or 0)
    if bool(x) != bool(y):
        yield f"{label}: {name} is {x}, here {y}"
    elif x:
        after = (x - int(a.get(started) or 0)) / 1e6
        here = (y - int(b.get(started) or 0)) / 1e6
        if abs(after - here) > TOLERANCE:
            yield f"{label}: {name} is {after:.2f} s after its creation, here {here:.2f}"


def _names(event: Event) -> list[str]:
    return [name for name, _ in event.items()]
