"""A client of the pure model for tests: writes commands, moves the clock, keeps what came."""

from __future__ import annotations

from esl.codec import ApiResponse, CommandReply, Connection, EventMessage, Message
from esl.events import Event
from esl.simulator import Softswitch, SwitchConfig

EPOCH_US = 1_790_000_000_000_000


class Driver:
    def __init__(self, config: SwitchConfig | None = None, seed: int = 1, events: str = "all") -> None:
        self.config = config or SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus")
        self.switch = Softswitch(self.config, seed, 0.0)
        self.now = 0.0
        self.raw = b""
        self.messages: list[Message] = []
        self.closed = False
        self.connect(events)

    def connect(self, events: str = "all") -> None:
        self._codec = Connection("client")
        self.closed = False
        self.cid = self.switch.connect(self.now)
        self.write(f"auth {self.config.password}\n\n")
        if events:
            self.write(f"event plain {events}\n\n")

    def write(self, text: str) -> None:
        self.switch.receive(self.cid, text.encode("utf-8", "surrogateescape"), self.now)
        self._take()

    def api(self, command: str) -> str:
        self.write(f"api {command}\n\n")
        return next(m.body for m in reversed(self.messages) if isinstance(m, ApiResponse))

    def reply(self, command: str) -> str:
        self.write(f"{command}\n\n")
        return next(m.text for m in reversed(self.messages) if isinstance(m, CommandReply))

    def originate(self, uuid: str, to: str, apps: str = "&park()", **variables: str) -> None:
        wanted = {"origination_uuid": uuid, "ignore_early_media": "true", **variables}
        block = ",".join(f"{name}={value}" for name, value in wanted.items())
        self.write(f"bgapi originate {{{block}}}sofia/gateway/{to} {apps}\nJob-UUID: {uuid}\n\n")

    def run(self, seconds: float) -> None:
        self.run_to(self.now + seconds)

    def run_to(self, until: float) -> None:
        while (due := self.switch.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.switch.advance(self.now)
            self._take()
        self.now = until
        self.switch.advance(until)
        self._take()

    def run_until(self, name: str, uuid: str, within: float = 120.0) -> Event:
        """The next event of this name and leg from now on."""
        seen = len(self.events())
        end = self.now + within
        while True:
            found = [e for e in self.events()[seen:] if e.name == name and e.uuid == uuid]
            if found:
                return found[0]
            due = self.switch.next_due()
            assert due is not None, f"nothing is due, no {name} of {uuid}"
            assert due <= end, f"no {name} of {uuid} within {within} s"
            self.run_to(due)

    def events(self, uuid: str = "", name: str = "") -> list[Event]:
        found = [m.event for m in self.messages if isinstance(m, EventMessage)]
        return [e for e in found if (not uuid or e.uuid == uuid) and (not name or e.name == name)]

    def names(self, uuid: str) -> list[str]:
        return [e.name for e in self.events(uuid) if e.name not in ("CHANNEL_STATE", "CODEC", "CALL_UPDATE")]

    def job(self, uuid: str) -> str:
        return next(e.body or "" for e in self.events(name="BACKGROUND_JOB") if e.get("Job-UUID") == uuid)

    def agent(self, uuid: str = "agent", gateway: str = "agent") -> None:
        self.originate(uuid, f"{gateway}/1001", park_after_bridge="true")
        self.run_until("CHANNEL_PARK", uuid)

    def _take(self) -> None:
        for cid, data in self.switch.take_output():
            if cid != self.cid:
                continue
            if data is None:
                self.closed = True
                continue
            self.raw += data
            self.messages += self._codec.receive(data)
