"""The softswitch on a TCP port: a real or scaled clock, sockets, and faults by the clock; no behaviour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, cast

from esl.simulator.faults import Fault
from esl.simulator.model import Softswitch, SwitchAway

DIAL_SECONDS: Final = 10.0  # real ones, for the `socket` application's connection


class ScaledClock:
    """Seconds since its start that pass `speed` times as fast as `monotonic`; a new speed makes no jump."""

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since = monotonic()
        self._reached = 0.0
        self._speed = _checked(speed)

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> float:
        return self._reached + (self._monotonic() - self._since) * self._speed

    def set_speed(self, speed: float) -> None:
        """Raises ValueError for a speed that is not more than 0."""
        checked = _checked(speed)
        moment = self._monotonic()
        self._reached += (moment - self._since) * self._speed
        self._since = moment
        self._speed = checked

    def real_seconds_until(self, now: float) -> float:
        return max(0.0, (now - self.now()) / self._speed)


def _checked(speed: float) -> float:
    if not 0 < speed < 10_000:
        raise ValueError(f"A speed of {speed} is not possible: use a number above 0 and below 10000.")
    return speed


class SoftswitchServer:
    """Serves one switch. `start` binds and gives the port, `close` ends it; all on one event loop."""

    def __init__(self, switch: Softswitch, clock: ScaledClock) -> None:
        self.switch = switch
        self.clock = clock
        self._links: dict[int, asyncio.Transport] = {}
        self._server: asyncio.Server | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._faults: list[tuple[float, Fault]] = []
        self._dialing: set[asyncio.Task[None]] = set()
        switch.on_speed(self._speed_command)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """The port it listens on. Raises OSError if it can't be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Link(self), host, port)
        self.work()
        return int(self._server.sockets[0].getsockname()[1])

    def schedule(self, faults: list[tuple[float, Fault]]) -> None:
        """Faults at these seconds of the switch's clock."""
        self._faults = sorted([*self._faults, *faults], key=lambda entry: entry[0])

    async def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._dialing:
            task.cancel()
        for transport in list(self._links.values()):
            transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # what the links and the alarm call ------------------------------------------------------------------

    def connected(self, transport: asyncio.Transport) -> int | None:
        try:
            cid = self.switch.connect(self.clock.now())
        except SwitchAway:
            transport.abort()
            return None
        self._links[cid] = transport
        self.work()
        return cid

    def received(self, cid: int, data: bytes) -> None:
        self.switch.receive(cid, data, self.clock.now())
        self.work()

    def lost(self, cid: int) -> None:
        self._links.pop(cid, None)
        self.switch.disconnect(cid, self.clock.now())

    def work(self) -> None:
        """Do what is due, write what is ready, sleep until the next thing."""
        now = self.clock.now()
        while self._faults and self._faults[0][0] <= now:
            self.switch.advance(self._faults[0][0])
            self.switch.inject(self._faults.pop(0)[1])
        self.switch.advance(now)
        for cid, host, port in self.switch.take_dials():
            task = asyncio.get_running_loop().create_task(self._dial(cid, host, port))
            self._dialing.add(task)
            task.add_done_callback(self._dialing.discard)
        self._write()
        dues = [due for due in (self.switch.next_due(),) if due is not None]
        dues += [at for at, _ in self._faults[:1]]
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if dues:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(self.clock.real_seconds_until(min(dues)), self.work)

    async def _dial(self, cid: int, host: str, port: int) -> None:
        """The `socket` application wants a connection."""
        connecting = asyncio.get_running_loop().create_connection(lambda: _Link(self, cid), host, port)
        try:
            await asyncio.wait_for(connecting, DIAL_SECONDS)
        except OSError:  # TimeoutError is one
            self.switch.undialed(cid, self.clock.now())
            self.work()

    def dialed(self, cid: int, transport: asyncio.Transport) -> None:
        """The connection for the `socket` application is there, before its first byte."""
        self._links[cid] = transport
        self.switch.dialed(cid, self.clock.now())
        self.work()

    def _write(self) -> None:
        for cid, data in self.switch.take_output():
            transport = self._links.get(cid)
            if transport is None:
                continue
            if data is None:
                del self._links[cid]
                transport.close()
            else:
                transport.write(data)

    def _speed_command(self, argument: str) -> str:
        """`ringmaster_speed [N]`: ours, not FreeSWITCH's."""
        if argument:
            try:
                self.clock.set_speed(float(argument))
            except ValueError as error:
                return f"-ERR {error}\n"
        return f"+OK {self.clock.speed:g}\n"


class _Link(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, server: SoftswitchServer, dialed: int | None = None) -> None:
        self._server = server
        self._cid = dialed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._cid is None:
            self._cid = self._server.connected(cast(asyncio.Transport, transport))
        else:
            self._server.dialed(self._cid, cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        if self._cid is not None:
            self._server.received(self._cid, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._cid is not None:
            self._server.lost(self._cid)
