"""A soak's load and books, without input and output: calls at a constant rate, each reply and event checked.

Each call: originate (bgapi), a token set on the leg; when it is answered the token is read back, kept in the
switch's hash, read from there and deleted; the leg ends by the switch's own list. A reply that does not hold
what its command asked for, or an event whose leg has another's token, is **crossed**. Each command has one
reply, or is lost with its link; what has neither at the end is a **lost reply**.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from esl import commands
from esl.commands import Command
from esl.events import BackgroundJob, ChannelAnswer, ChannelCreate, ChannelHangupComplete, Event

EVENTS = ("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB")
TALK_MS = 2000
NUMBERS = 1000
REALM = "soak"
Send = Callable[[Command, Callable[[str], None]], None]
"""Sends a command; the callback gets its reply's text, unless the link is lost."""


@dataclass(slots=True)
class Call:
    """One call under way. `faults`: how many faults there had been when it began."""

    token: str
    faults: int
    made: bool = False


@dataclass(slots=True)
class Work:
    """`rate` calls a second through `send`."""

    rate: float
    send: Send
    gateway: str = "soak"
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What must not be: crossed replies and events, calls without an end."""
    calls: dict[str, Call] = field(default_factory=dict)
    outstanding: int = 0
    faults: int = 0
    up: bool = False
    _begun: int = 0
    _owed: float = 0.0
    _at: float = 0.0

    # --- load --------------------------------------------------------------------------------------------

    def step(self, now: float) -> None:
        """Begin the calls that are due. What was due while the link was down is not made up for."""
        passed, self._at = now - self._at, now
        self._owed = min(self.rate, self._owed + self.rate * passed) if self.up else 0.0
        while self.up and self._owed >= 1.0:
            self._owed -= 1.0
            self._begin()

    def _begin(self) -> None:
        self._begun += 1
        leg = f"0199f3c4-7a10-7000-8000-{self._begun:012x}"
        token = f"token-{self._begun}"
        self.calls[leg] = Call(token, self.faults)
        self.counts["calls"] += 1
        command = commands.originate(
            leg,
            f"sofia/gateway/{self.gateway}/+1555{self._begun % NUMBERS:07d}",
            commands.inline([("sleep", str(TALK_MS)), ("hangup", "NORMAL_CLEARING")]),
            {"ignore_early_media": "true", "originate_timeout": "50", "soak_token": token},
        )
        self._ask(command, f"+OK Job-UUID: {leg}")

    def _ask(self, command: Command, expected: str) -> None:
        """Send; the reply must be `expected` to the byte."""

        def replied(text: str) -> None:
            self.outstanding -= 1
            self.counts["replies"] += 1
            if text.strip() != expected and self.up and not text.startswith("-ERR"):
                self.wrong.append(f"crossed reply: {command} brought {text[:100]!r}")
            elif text.startswith("-ERR"):
                self.counts["refused"] += 1

        self.outstanding += 1
        self.counts["commands"] += 1
        self.send(command, replied)

    # --- what is heard -----------------------------------------------------------------------------------

    def heard(self, event: Event) -> None:
        """An event of the switch."""
        self.counts["events"] += 1
        if isinstance(event, BackgroundJob):
            if not event.ok and (call := self.calls.get(event.job_uuid)) is not None and not call.made:
                del self.calls[event.job_uuid]
                self.counts["refused"] += 1
            return
        call = self.calls.get(event.uuid)
        if call is None:
            self.counts["events_of_forgotten"] += 1
            return
        token = event.get("variable_soak_token", "")
        if token != call.token:
            self.wrong.append(
                f"crossed event: {event.name} of {event.uuid} has {token!r}, not {call.token!r}"
            )
        if isinstance(event, ChannelCreate):
            call.made = True
        elif isinstance(event, ChannelAnswer):
            self._answered(event.uuid, call)
        elif isinstance(event, ChannelHangupComplete):
            del self.calls[event.uuid]
            self.counts["ended"] += 1

    def _answered(self, leg: str, call: Call) -> None:
        self.counts["answered"] += 1
        if not self.up:
            return
        self._ask(commands.uuid_getvar(leg, "soak_token"), call.token)
        self._ask(commands.Api("hash", f"insert/{REALM}/{leg}/{call.token}"), "+OK")
        self._ask(commands.hash_select(REALM, leg), call.token)
        self._ask(commands.hash_delete(REALM, leg), "+OK")

    # --- faults ------------------------------------------------------------------------------------------

    def fault(self) -> None:
        """Something went wrong on purpose: calls of before it may lack their end."""
        self.faults += 1
        self.counts["faults"] += 1

    def link(self, *, up: bool) -> None:
        """The link came up, or went down with everything that was asked."""
        if self.up and not up:
            self.counts["link_lost"] += 1
        self.up = up
        if not up:
            self.counts["lost_with_link"] += self.outstanding
            self.outstanding = 0
            self.calls.clear()

    def finish(self) -> list[str]:
        """What is wrong, when nothing is under way any more."""
        found = list(self.wrong)
        if self.outstanding:
            found.append(f"{self.outstanding} lost replies")
        if self.counts["commands"] != self.counts["replies"] + self.counts["lost_with_link"]:
            found.append(f"commands are not replies and lost: {dict(self.counts)}")
        found += [f"{leg} has no end" for leg, call in self.calls.items() if call.faults == self.faults]
        return found
