"""The originate command: admission, the leg's way to its answer, and the job's result."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from esl.simulator import apps, caller_id, dtmf, hearing, legs, listing, loopback, null, sip, transfer
from esl.simulator.callees import FarEnd
from esl.simulator.channel import STATE_NUMBER, Channel, profile_pairs
from esl.simulator.clock import TICKS_PER_SECOND, ticks
from esl.simulator.dialstring import Dial, Endpoint, Refused, UsageError, parse
from esl.simulator.truth import CallTruth

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.core import Core
    from esl.simulator.gateways import Gateway

IDLE_CPU = 96.666667  # per cent, always: a simulated switch is never busy
TIMER_B_SECONDS = 32.0  # no SIP reply at all
USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] "
    "[<cid_num>] [<timeout_sec>]\n"
)
_REFUSED = "DESTINATION_OUT_OF_ORDER"
_SHORTEST_SLEEP, _LONGEST_SLEEP = 500, 60_000  # milliseconds


class Job:
    """Somebody waits for the result of an originate: the command, or a leg that runs `bridge`.

    `legs` are those under way, `left` the groups that are still to be tried, `tries` how often in all.
    """

    __slots__ = (
        "caller",
        "cause",
        "dial",
        "done",
        "early_ok",
        "left",
        "legs",
        "over",
        "rings",
        "taken",
        "tries",
    )

    def __init__(self, dial: Dial, done: Callable[[str], None]) -> None:
        self.dial = dial
        self.done = done
        self.early_ok = dial.variables.get("ignore_early_media", "false") == "false"
        self.caller: Channel | None = None
        self.taken: Callable[[Channel, str], None] | None = None  # instead of the command's list
        self.rings: Callable[[], None] | None = None  # a leg of it rings
        self.tries = _number(dial.variables, "originate_retries", 1)
        self.left = list(dial.groups)
        self.legs: list[Channel] = []
        self.cause = _REFUSED
        self.over = False

    def finish(self, text: str) -> None:
        """The result; only the first one counts."""
        if not self.over:
            self.over = True
            self.done(text)


def originate(core: Core, arguments: str, done: Callable[[str], None]) -> None:
    """Runs the command; `done` gets the text FreeSWITCH would answer, now or when the call is decided."""
    try:
        job = Job(parse(arguments), done)
    except UsageError:
        done(USAGE)
    except Refused as refused:
        done(f"-ERR {refused.cause}\n")
    else:
        core.load.originate(core, lambda: attempt(core, job))


def attempt(core: Core, job: Job) -> None:
    """The next group of legs; none left: once more after a pause, or the result."""
    while job.left and not job.over:
        for endpoint in job.left.pop(0):
            _leg(core, job, endpoint)
        if job.legs:
            return
    job.tries -= 1
    if job.tries > 0 and not job.over:
        job.left = list(job.dial.groups)
        core.after(_retry_ticks(job), partial(attempt, core, job))
        return
    job.finish(f"-ERR {job.cause}\n")


def _retry_ticks(job: Job) -> int:
    """originate_retry_sleep_ms counts between half a second and a minute, else it is one second (d38)."""
    asked = _number(job.dial.variables, "originate_retry_sleep_ms", 0)
    return ticks(asked / 1000 if _SHORTEST_SLEEP < asked < _LONGEST_SLEEP else 1.0)


def _number(variables: dict[str, str], name: str, default: int) -> int:
    text = variables.get(name, "")
    return int(text) if text.isdigit() and 0 < len(text) < 6 else default


def _leg(core: Core, job: Job, endpoint: Endpoint) -> None:
    uuid = endpoint.variables.get("origination_uuid") or core.new_uuid()
    try:
        _admit(core, uuid)
        gateway = _gateway(core, endpoint)
    except _NoRoute as no_route:
        _stillborn(core, uuid)
        job.cause = no_route.cause
    except Refused as refused:
        job.cause = refused.cause
    else:
        channel = _create(core, uuid, endpoint, gateway, job.caller)
        channel.job = job
        job.legs.append(channel)
        _set_going(core, channel)


class _NoRoute(Refused):
    """Found out after the session was made: only DESTROY events, with our uuid (FACTS section 4)."""


def _admit(core: Core, uuid: str) -> None:
    """Six different reasons, one answer (FACTS sections 4, 8). N per second lets N - 1 through (d42, d43)."""
    core.roll_second()
    over = core.this_second >= max(1, core.sps_in_force - 1)
    busy = core.min_idle_cpu > IDLE_CPU
    if core.paused_out or core.shutting_down or uuid in core.channels or over or busy:
        raise Refused(_REFUSED)
    if len(core.channels) >= core.max_sessions:
        raise Refused(_REFUSED)
    core.this_second += 1
    core.peak_second = max(core.peak_second, core.this_second)
    core.session_ids += 1


def _gateway(core: Core, endpoint: Endpoint) -> Gateway:
    if endpoint.gateway is None and not endpoint.cause:
        return loopback.ENDS if endpoint.loops else null.NOWHERE
    if endpoint.gateway is None:
        raise _NoRoute(endpoint.cause) if endpoint.cause == "INVALID_PROFILE" else Refused(endpoint.cause)
    gateway = core.gateways.get(endpoint.gateway)
    if gateway is None:
        raise _NoRoute("INVALID_GATEWAY")
    if not gateway.up:
        raise _NoRoute("GATEWAY_DOWN")
    return gateway


def _stillborn(core: Core, uuid: str) -> None:
    """The session existed for a moment: DESTROY and STATE, with Channel-State CS_NONE (d25, d26)."""
    pairs = [
        ("Channel-Call-State", "DOWN"),
        ("Channel-State-Number", "0"),
        ("Channel-Name", "N/A"),
        ("Unique-ID", uuid),
        ("Call-Direction", "outbound"),
        ("Presence-Call-Direction", "outbound"),
        ("Channel-HIT-Dialplan", "false"),
        ("Channel-Call-UUID", uuid),
        ("Answer-State", "ringing"),
    ]
    variables = [
        ("variable_direction", "outbound"),
        ("variable_is_outbound", "true"),
        ("variable_uuid", uuid),
        ("variable_call_uuid", uuid),
        ("variable_session_id", str(core.session_ids)),
    ]
    core.emit_plain("CHANNEL_DESTROY", [("Channel-State", "CS_NONE"), *pairs, *variables])
    core.emit_plain("CHANNEL_STATE", [("Channel-State", "CS_DESTROY"), *pairs])


def _create(core: Core, uuid: str, endpoint: Endpoint, gateway: Gateway, caller: Channel | None) -> Channel:
    channel = Channel(uuid, endpoint.number, gateway, core.session_ids, core.us)
    wanted = endpoint.variables
    if "origination_uuid" in wanted:
        wanted = {"origination_uuid": uuid, **wanted}
    channel.callee_name = wanted.get("origination_callee_id_name", channel.callee_name)
    channel.calls_as(
        wanted.get("origination_caller_id_name", ""),
        wanted.get("origination_caller_id_number", "0000000000"),
    )
    if gateway.sip:
        sip.created(channel, wanted)
    elif endpoint.loops:
        loopback.created(core, channel, wanted)
    else:
        null.created(core, channel, wanted)
    if caller is not None:
        _called_by(channel, caller)
    core.channels[uuid] = channel
    core.peak = max(core.peak, len(core.channels))
    channel.truth = CallTruth(
        uuid=uuid,
        number=endpoint.number,
        gateway=gateway.name,
        kind=gateway.kind,
        core_uuid=core.core_uuid,
        created=core.us,
        variables=dict(wanted),
    )
    core.remember(channel.truth)
    core.emit(channel, "CHANNEL_OUTGOING", variables=False)
    channel.running = "CS_INIT"
    core.emit(channel, "CHANNEL_STATE", variables=False)
    channel.state = STATE_NUMBER["CS_ROUTING"]
    core.emit(channel, "CHANNEL_CREATE")
    core.emit(channel, "CHANNEL_ORIGINATE")
    legs.run_state(core, channel, "CS_ROUTING")
    legs.run_state(core, channel, "CS_CONSUME_MEDIA")
    listing.appears(core, channel)
    return channel


def _called_by(channel: Channel, caller: Channel) -> None:
    """The leg of a `bridge`: it shows its caller's caller, and knows whose other leg it is (d34)."""
    caller_id.of_the_caller(channel, caller)
    channel.network_addr, channel.dialplan = caller.network_addr, caller.dialplan
    channel.username = caller.username
    channel.call_uuid = caller.uuid
    theirs = profile_pairs("Other-Leg", caller)
    times = [(name, "0" if name.endswith("-Time") else value) for name, value in theirs]
    channel.set_other_leg([("Other-Type", "originator"), *times])
    sip.called_by(channel, caller)


def _set_going(core: Core, channel: Channel) -> None:
    """Ask the far end what it will do, and set the timers of the command."""
    nth = core.dialed.get(channel.number, 0)
    core.dialed[channel.number] = nth + 1
    rng = random.Random(f"{core.seed}:{channel.gateway.name}:{channel.number}:{nth}")  # noqa: S311
    end = channel.gateway.behaviour(rng, channel.number)
    channel.far_end = end
    _timeouts(core, channel, end)
    if end.ring is not None:
        legs.timer(core, channel, "ring", ticks(end.ring), lambda: legs.ring(core, channel))
    if end.early is not None:
        legs.timer(core, channel, "early", ticks(end.early), lambda: _early(core, channel))
    redirect = end.redirect
    if redirect is not None and channel.vars.true("outbound_redirect_fatal"):
        legs.timer(core, channel, "fail", ticks(redirect), lambda: _redirected(core, channel))
        return
    if end.fail is not None:
        when, status = end.fail
        legs.timer(
            core,
            channel,
            "fail",
            ticks(when),
            lambda: legs.refused(core, channel, status, end.reason_cause),
        )
    if end.answer is not None:
        legs.timer(core, channel, "answer", ticks(end.answer), lambda: _answered(core, channel))
    if not end.replies:
        legs.timer(core, channel, "dead", ticks(TIMER_B_SECONDS), lambda: _timer_b(core, channel))


def _timeouts(core: Core, channel: Channel, end: FarEnd) -> None:
    """Whole wall-clock seconds are counted (FACTS section 4): originate_timeout=3 fires within the
    third second, leg_timeout=3 within the fourth."""
    waits: list[tuple[int, str]] = []
    total = _seconds(channel, "originate_timeout", 60)
    waits.append((_second_start(core, total), "NO_ANSWER"))
    leg = _seconds(channel, "leg_timeout", 0)
    if leg:
        waits.append((_second_start(core, leg + 1), "ALLOTTED_TIMEOUT"))
    progress = _seconds(channel, "leg_progress_timeout", 0)
    if progress and end.ring is None and end.early is None:
        waits.append((_second_start(core, progress + 1), "PROGRESS_TIMEOUT"))
    at, cause = min(waits)
    legs.timer(core, channel, "timeout", at, lambda: legs.timed_out(core, channel, cause))


def _seconds(channel: Channel, name: str, default: int) -> int:
    text = channel.vars.get(name)
    return int(text) if text is not None and text.isdigit() else default


def _second_start(core: Core, seconds: int) -> int:
    """Ticks from now to the start of the whole second that is `seconds` further."""
    return max(1, (core.tick // TICKS_PER_SECOND + seconds) * TICKS_PER_SECOND - core.tick)


def _timer_b(core: Core, channel: Channel) -> None:
    channel.sip_status = 408
    sip.refusal(channel, 408, "RECOVERY_ON_TIMER_EXPIRE", local=True)
    legs.hang_up(core, channel, "RECOVERY_ON_TIMER_EXPIRE", "network", at_once=True)


def _redirected(core: Core, channel: Channel) -> None:
    channel.vars.set("sip_redirect_contact_0", "<sip:redirected@127.0.0.1>")
    legs.refused(core, channel, 302)


def _early(core: Core, channel: Channel) -> None:
    legs.early_media(core, channel)
    if channel.job is not None and channel.job.early_ok:
        core.after(1, lambda: _take(core, channel, "EARLY MEDIA"))


def _answered(core: Core, channel: Channel) -> None:
    """The far end answers; a busy switch sees it late."""

    def take() -> None:
        if channel.alive and not channel.answered:
            answered(core, channel)

    core.load.answer(core, take)


def answered(core: Core, channel: Channel) -> None:
    """The far end picked up."""
    legs.cancel(channel, "dead")
    legs.answer(core, channel)
    hearing.waits(core, channel)
    dtmf.answered(core, channel)
    end = channel.far_end
    if end is not None and end.bye_after_answer is not None:
        legs.timer(
            core,
            channel,
            "bye",
            ticks(end.bye_after_answer),
            lambda: legs.far_end_hangs_up(core, channel),
        )
    if channel.job is not None:
        core.after(1, lambda: _take(core, channel, "ANSWER"))
    else:  # the early media was taken for the answer
        channel.vars.set("endpoint_disposition", "ANSWER")


def _take(core: Core, channel: Channel, disposition: str) -> None:
    """Originate's thread sees the answer: flips the caller id, answers its job, starts the application."""
    job = channel.job
    if job is None or not channel.alive:
        return
    if job.over:
        legs.hang_up(core, channel, "LOSE_RACE", "partner", at_once=True)
        return
    losers, job.legs = [leg for leg in job.legs if leg is not channel], []
    for leg in (channel, *losers):
        leg.job = None
    for loser in losers:
        loser.vars.set("group_dial_status", "loser")
        legs.hang_up(core, loser, "LOSE_RACE", "partner", at_once=True)
    if job.taken is not None:
        job.over = True
        job.taken(channel, disposition)
        return
    dial = job.dial
    if dial.context is not None:
        job.finish(f"+OK {channel.uuid}\n")
        transfer.originated_into(core, channel, dial.destination, dial.context, disposition)
        return
    channel.vars.set("endpoint_disposition", disposition)
    caller_id.sort(core, channel)
    job.finish(f"+OK {channel.uuid}\n")
    channel.apps = list(dial.apps)
    if channel.bridge is not None:  # a bridge was quicker than the application (FACTS section 6)
        return
    if channel.runs:  # an application of execute_on_answer is at work
        channel.after_inside = lambda: _run_list(core, channel, dial.inline)
    else:
        _run_list(core, channel, dial.inline)


def _run_list(core: Core, channel: Channel, inline: bool) -> None:
    if inline:
        channel.dialplan = "inline"
        channel.touch()
        legs.run_state(core, channel, "CS_ROUTING")
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)


def fail(core: Core, channel: Channel) -> None:
    """The leg ended before its originate had a result."""
    job = channel.job
    channel.job = None
    if job is None:
        return
    job.legs.remove(channel)
    job.cause = channel.hangup_cause or _REFUSED
    if job.legs or job.over:
        return
    if job.left:
        core.after(2, partial(attempt, core, job))  # the leg is gone then: the next may have its uuid (d37)
    else:
        attempt(core, job)
