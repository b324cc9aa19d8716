"""Plays the client's side of a recording against a real switch, in real time, and hears what it says.

As against the simulator (tests.conformance.replay): each write leaves at its recorded time, but not before
the switch has said what the recording had heard by then, for at most `PATIENCE` seconds.
"""

from __future__ import annotations

import select
import socket
import time
from collections import Counter

from callflow.address import SwitchAddress
from esl.codec import Connection
from tests.conformance.replay import Heard, Line, asked_for, epoch_offset_us, mark, understood

PATIENCE = 1.5
RECORDED_PASSWORD = "ClueCon"
# The recordings' sound file, which is not on this switch: something that plays as long.
SOUND = (b"/var/lib/freeswitch/sounds/safe.wav", b"silence_stream://2000")


class LivePlayer:
    """One connection; `heard` is everything that came."""

    def __init__(self, address: SwitchAddress) -> None:
        self.heard = Heard()
        self._password = address.password
        self._socket = socket.create_connection((address.host, address.port), 5)
        self._codec = Connection("client")
        self._seen: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()
        self._began = time.monotonic()
        self._lag = 0.0

    def close(self) -> None:
        self._socket.close()

    def begin_at(self, phase_us: int) -> None:
        """Begin at the recording's place in the second of the wall clock, in which timeouts are counted."""
        seconds = (phase_us / 1e6 - time.time()) % 1.0
        self._began = time.monotonic() + seconds

    def listen(self, until: float) -> None:
        """Take what comes until `until`, in seconds of the recording."""
        while (left := self._began + until + self._lag - time.monotonic()) > 0 and not self.heard.closed:
            self._take(left)

    def write(self, line: Line, expected: Counter[str]) -> None:
        """Send, when it is time and what the client had heard before has come."""
        self.listen(line.t)
        waiting = time.monotonic()
        while (missing := expected - self._seen - self._given_up) and not self.heard.closed:
            if time.monotonic() - waiting > PATIENCE:
                self._given_up += missing
                break
            self._take(0.05)
        self._lag += time.monotonic() - waiting
        data = line.data.replace(f"auth {RECORDED_PASSWORD}".encode(), f"auth {self._password}".encode())
        data = data.replace(f"AUTH {RECORDED_PASSWORD}".encode(), f"AUTH {self._password}".encode())
        if not self.heard.closed:
            self._socket.sendall(data.replace(*SOUND))

    def _take(self, seconds: float) -> None:
        if not select.select([self._socket], [], [], seconds)[0]:
            return
        try:
            data = self._socket.recv(262_144)
        except ConnectionResetError:
            data = b""
        if not data:
            self.heard.closed = True
            return
        messages = understood(self._codec.receive(data))
        self.heard.messages += messages
        self._seen.update(word for message in messages if (word := mark(message)))


def play_live(address: SwitchAddress, lines: list[Line]) -> Heard:
    """What the switch says to the recording's client."""
    player = LivePlayer(address)
    player.begin_at(epoch_offset_us(lines) % 1_000_000)
    codec = Connection("client")
    expected: Counter[str] = Counter()
    asked = asked_for(lines)
    try:
        for line in lines:
            if line.direction == "recv":
                marks = [mark(message) for message in codec.receive(line.data)]
                expected.update(word for word in marks if word and word.split()[-1] in asked)
            elif line.direction == "send":
                player.write(line, expected)
        player.listen(lines[-1].t + 0.5)
    finally:
        player.close()
    return player.heard
