"""Softswitch: a FreeSWITCH on a dialer's scenarios as a pure model: bytes in and out, the clock passed in.

The same seed, configuration and calls give the same bytes. Nothing here knows a socket or a clock;
`server.py` does. What it is faithful to, and what it leaves out, is in docs/reference/softswitch.md.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from esl.codec import Request, auth_request, disconnect_notice, rude_rejection
from esl.errors import ProtocolError
from esl.simulator import acd, api_core, ending, hearing, inbound, legs, outbound_socket, session, shutdown
from esl.simulator.clock import TICK_US, ticks
from esl.simulator.config import SwitchConfig
from esl.simulator.connection import Client
from esl.simulator.core import Core
from esl.simulator.faults import Crash, Fault, Refuse, Restart, inject_into_client
from esl.simulator.originate import IDLE_CPU

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.inbound import Invite
    from esl.simulator.truth import CallTruth, SilenceViolation


class SwitchAway(Exception):
    """The switch takes no connection now; the server refuses it. `code` is stable."""

    code = "switch_away"

    def __init__(self) -> None:
        super().__init__("The simulated switch refuses connections now. Try again later.")


class Softswitch:
    """One simulated switch. `now` is seconds of any clock that never goes back."""

    def __init__(self, config: SwitchConfig | None = None, seed: int = 0, now: float = 0.0) -> None:
        self.config = config or SwitchConfig()
        self._core = Core(self.config, seed, now)
        self._refuses_until = 0
        self._down_seconds = 0.0
        self._boot()

    def __repr__(self) -> str:
        core = self._core
        return f"<Softswitch {core.core_uuid} legs={len(core.channels)} clients={len(core.clients)}>"

    # clients ------------------------------------------------------------------------------------------

    def accepts(self, now: float) -> bool:
        """Whether a connection would be taken."""
        self.advance(now)
        return self._core.tick >= self._refuses_until

    def connect(self, now: float) -> int:
        """A client connected; its greeting is queued. Raises SwitchAway."""
        if not self.accepts(now):
            raise SwitchAway
        client = Client(self._core.new_cid())
        self._core.clients[client.cid] = client
        if self.config.denies_clients:
            self._core.send(client, rude_rejection())
            self._core.send(client, disconnect_notice())
            self._core.close(client)
        else:
            self._core.send(client, auth_request())
        return client.cid

    def receive(self, cid: int, data: bytes, now: float) -> None:
        """Bytes that a client wrote. Bytes of a connection that is closed are ignored."""
        self.advance(now)
        client = self._core.clients.get(cid)
        if client is None or client.closing:
            return
        try:
            requests = client.codec.receive(data)
        except ProtocolError as error:
            for request in error.received:
                if isinstance(request, Request):
                    session.handle(self._core, client, request)
            self._core.close(client)
            return
        for request in requests:
            session.handle(self._core, client, request)

    def disconnect(self, cid: int, now: float) -> None:
        """The client is gone. Its calls go on."""
        self.advance(now)
        client = self._core.clients.pop(cid, None)
        if client is not None:
            self._core.forget(client)
            outbound_socket.lost(self._core, client)

    def take_dials(self) -> list[tuple[int, str, int]]:
        """Connections to make now, as (connection, host, port): a call's `socket` application wants them.

        Answer each with `dialed` or `undialed`; until then the call waits.
        """
        dials, self._core.dials = self._core.dials, []
        return dials

    def dialed(self, cid: int, now: float) -> None:
        """The connection of `take_dials` is there; from now on it is as one that came in."""
        self.advance(now)
        outbound_socket.dialed(self._core, cid)

    def undialed(self, cid: int, now: float) -> None:
        """The connection of `take_dials` can't be had."""
        self.advance(now)
        outbound_socket.undialed(self._core, cid)

    # calls that come in -------------------------------------------------------------------------------

    def call(self, invite: Invite, now: float) -> str | None:
        """Somebody calls in: the leg's uuid; None if the switch takes no call now."""
        self.advance(now)
        if self._core.tick < self._refuses_until or self._core.dying:
            return None
        return inbound.arrives(self._core, invite)

    def hang_up(self, uuid: str, now: float) -> None:
        """The far end of a leg hangs up: BYE, or CANCEL before the answer."""
        self.advance(now)
        channel = self._core.find(uuid)
        if channel is None:
            return
        if channel.answered or channel.direction == "outbound":
            legs.far_end_hangs_up(self._core, channel)
        else:
            inbound.cancelled(self._core, channel)

    # output -------------------------------------------------------------------------------------------

    def take_output(self) -> list[tuple[int, bytes | None]]:
        """What is to be written now, per connection in order; None: the switch closed it."""
        taken: list[tuple[int, bytes | None]] = []
        core = self._core
        for client in list(core.clients.values()):
            if not client.out:
                continue
            ready = 0
            pieces: list[bytes] = []
            closed = False
            for release, message in client.out:
                if release > core.tick:
                    break
                ready += 1
                if message is None:
                    closed = True
                    break
                pieces.append(message)
            del client.out[:ready]
            if pieces:
                taken.append((client.cid, b"".join(pieces)))
            if closed:
                taken.append((client.cid, None))
                core.clients.pop(client.cid, None)
        return taken

    # time ---------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """When something happens next if nobody writes: an event or held output, on the 20 ms grid."""
        core = self._core
        dues = [due for due in (core.agenda.next_tick(),) if due is not None]
        dues += [client.out[0][0] for client in core.clients.values() if client.out]
        return core.clock.now(min(dues)) if dues else None

    def advance(self, now: float) -> None:
        """Do everything that is due at `now` or before, at its own time."""
        core = self._core
        core.now_us = max(core.now_us, core.clock.epoch_us(now))
        target = core.now_us // TICK_US
        while (timer := core.agenda.pop(target)) is not None:
            core.tick = max(core.tick, timer.tick)
            if timer.action is not None:
                timer.action()
        core.tick = max(core.tick, target)

    # what happened ------------------------------------------------------------------------------------

    @property
    def truth(self) -> list[CallTruth]:
        """Every leg that was ever made, in order, also past a crash."""
        return self._core.truth

    @property
    def silence_violations(self) -> list[SilenceViolation]:
        """Customers who heard nothing for longer than the deadline, those who wait now included."""
        return [*self._core.silence_violations, *hearing.overdue(self._core)]

    @property
    def core_uuid(self) -> str:
        return self._core.core_uuid

    @property
    def epoch_us(self) -> int:
        """The switch's own time: epoch microseconds of the current tick."""
        return self._core.us

    @property
    def hashes(self) -> dict[str, str]:
        """mod_hash, by `realm_key`."""
        return dict(self._core.hashes)

    def live_uuids(self) -> set[str]:
        """Legs that are up or on their way, not those being hung up."""
        return {uuid for uuid, channel in self._core.channels.items() if channel.alive}

    def on_leg_ended(self, listener: Callable[[CallTruth], None]) -> None:
        """`listener` gets every record when its leg has ended."""
        self._core.on_ended = listener

    def on_speed(self, command: Callable[[str], str]) -> None:
        """Who owns the clock answers `ringmaster_speed`."""
        self._core.speed_command = command

    # faults -------------------------------------------------------------------------------------------

    def inject(self, fault: Fault, cid: int | None = None) -> None:
        """Let something go wrong now, on one connection or (None) on all."""
        core = self._core
        if isinstance(fault, Crash):
            self._crash(fault.down_seconds)
        elif isinstance(fault, Restart):
            self._down_seconds = fault.down_seconds
            self._shut_down(now=False)
        elif isinstance(fault, Refuse):
            self._refuses_until = core.tick + ticks(fault.seconds)
        else:
            for client in [c for c in core.clients.values() if cid in (None, c.cid)]:
                inject_into_client(core, client, fault)

    # the process --------------------------------------------------------------------------------------

    def _boot(self) -> None:
        core = self._core
        core.applications = acd.APPLICATIONS
        core.run_api = self._run_api
        core.shut_down = self._shut_down
        core.tear_down = partial(ending.tear_down, core)
        core.bury = partial(ending.destroy, core)
        core.unblock = partial(session.unblock, core)
        core.after(ticks(self.config.heartbeat_seconds), self._heartbeat)

    def _run_api(self, name: str, args: str) -> None:
        """A command the switch runs by itself (hang-up hook)."""
        api_core.run(self._core, name, args)

    def _heartbeat(self) -> None:
        core = self._core
        core.after(ticks(self.config.heartbeat_seconds), self._heartbeat)
        core.roll_second()
        pairs = [
            ("Event-Info", "System Ready"),
            ("Up-Time", api_core.uptime_text(core)),
            ("FreeSWITCH-Version", api_core.VERSION),
            ("Uptime-msec", str((core.us - core.started_us) // 1000)),
            ("Session-Count", str(len(core.channels))),
            ("Max-Sessions", str(core.max_sessions)),
            ("Session-Per-Sec", str(core.sps)),
            ("Session-Per-Sec-Last", str(core.last_second)),
            ("Session-Per-Sec-Max", str(core.peak_second)),
            ("Session-Per-Sec-FiveMin", str(core.peak_second)),
            ("Session-Since-Startup", str(core.session_ids)),
            ("Session-Peak-Max", str(core.peak)),
            ("Session-Peak-FiveMin", str(core.peak)),
            ("Idle-CPU", f"{IDLE_CPU:.6f}"),
        ]
        core.emit_plain("HEARTBEAT", pairs)
        task = [
            ("Task-ID", "1"),
            ("Task-Desc", "heartbeat"),
            ("Task-Group", "core"),
            ("Task-Runtime", str(core.us // 1_000_000 + int(self.config.heartbeat_seconds))),
        ]
        core.emit_plain("RE_SCHEDULE", task)

    def _shut_down(self, *, now: bool) -> None:
        """`fsctl shutdown`: announced; `now`: the process is gone at once."""
        core = self._core
        if now:
            self._crash(self._down_seconds or 2.0)
            return
        shutdown.announce(core)
        down = self._down_seconds or 2.0
        core.after(3, lambda: self._crash(down))

    def _crash(self, down_seconds: float) -> None:
        core = self._core
        for channel in core.channels.values():
            truth = channel.truth
            if truth is None or truth.ended:
                continue
            hearing.ends(core, channel)
            truth.close(core.us, channel.hangup_cause or "", "crash")
            if core.on_ended is not None:
                core.on_ended(truth)
        core.agenda.clear()
        core.dials, core.dialing = [], {}
        for client in list(core.clients.values()):
            client.out = [(release, message) for release, message in client.out if release <= core.tick]
            client.stalled_until = 0
            client.delay_ticks = 0
            core.close(client)
        core.boot()
        self._down_seconds = 0.0
        self._refuses_until = core.tick + max(1, round(down_seconds * 1e6 / TICK_US))
        self._boot()
