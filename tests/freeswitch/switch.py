"""The FreeSWITCH under test, as RINGMASTER_TEST_SWITCH names it, and short questions to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from callflow.address import SwitchAddress, parse_switch
from esl.client import Client
from esl.commands import Api
from esl.errors import EslError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class TestSwitch:
    """`text` is what was given; it holds the password."""

    __test__ = False  # no test, whatever pytest makes of its name

    text: str = field(repr=False)
    address: SwitchAddress

    @classmethod
    def read(cls, text: str) -> TestSwitch:
        return cls(text, parse_switch(text))

    def connect(self) -> Client:
        """Raises EslError."""
        client = Client(self.address.host, self.address.port, self.address.password)
        client.connect()
        return client

    def ask(self, line: str) -> str:
        """The answer to one api command."""
        client = self.connect()
        try:
            return client.send(Api(*line.split(" ", 1))).get(10).text.strip()
        finally:
            client.close()

    def answers(self) -> bool:
        try:
            return self.ask("status").startswith("UP")
        except EslError:
            return False

    def core_uuid(self) -> str:
        """Which run of the switch this is; empty while it is away."""
        try:
            return self.ask("global_getvar core_uuid")
        except EslError:
            return ""

    def channels(self) -> int:
        found = re.match(r"(\d+) total", self.ask("show channels count"))
        return int(found[1]) if found else -1

    def gateway_port(self, name: str) -> int | None:
        """The loopback port that a gateway points to; None if there is none, or it leads elsewhere."""
        found = re.search(r"<proxy>sip:([\d.]+):(\d+)", self.ask(f"sofia xmlstatus gateway {name}"))
        return int(found[2]) if found is not None and found[1] == LOOPBACK else None
