"""Carriers' gateways at a real switch: told by the api, brought by what the dialer runs, kept for bad times.

The switch has to be started as for test_phones.py; the last test also needs RINGMASTER_KEPT_GATEWAYS, a
directory that can be written here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from api.pull import Door, keep_gateways
from callflow.provision import AGAIN_SECONDS, Provision
from esl.client import Client
from models.carriers import CarrierAccount
from models.ids import new_id
from models.records import GatewayLimits
from models.repository import carriers, gateways
from models.session import sessions
from tests.freeswitch.carrier import REALM, Carrier
from tests.freeswitch.desk import Desk
from tests.integration.dialer.site import wait_for

pytestmark = pytest.mark.freeswitch
PASSWORD = """p"a<s>&s' w$${switch_key}${x};%41\\,=z@&amp;/#"""
NAME = "rm-test-north"


@dataclass
class Office:
    """The dialer's part, and the gateway `NAME`; both go when the test does."""

    desk: Desk
    now: float = 0.0
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        address = self.desk.switch.address
        self.provision = Provision(
            sessions(self.desk.engine).begin,
            self.desk.ours.switch_id,
            lambda: Client(address.host, address.port, address.password),
            ready=lambda: "core",
            failed=self.failures.append,
            real=lambda: self.now,
        )
        with self.desk.engine.begin() as db:
            gateways.add(db, self.desk.ours.switch_id, GatewayLimits(name=NAME), by="test")

    def put(self, account: CarrierAccount, password: str | None = None) -> None:
        vault = self.desk.vault
        seal = None if password is None else lambda gateway_id: vault.seal(gateway_id, str(password))
        with self.desk.engine.begin() as db:
            carriers.put(db, self.desk.ours.switch_id, NAME, account, seal=seal, by="test")

    def remove(self) -> None:
        with self.desk.engine.begin() as db:
            carriers.remove(db, self.desk.ours.switch_id, NAME, by="test")

    def look(self) -> dict[str, str]:
        """What the dialer does every few seconds; what it has to say then."""
        self.now += AGAIN_SECONDS
        self.provision.once()
        assert self.failures == []
        return self.provision.status()

    def status(self) -> str:
        return self.desk.switch.ask(f"sofia xmlstatus gateway {NAME}")

    def registered(self) -> bool:
        return "<state>REGED</state>" in self.status()

    def call(self, carrier: Carrier) -> str:
        """Dial by the gateway; the leg's uuid."""
        leg = new_id()
        self.desk.legs.append(leg)
        variables = f"origination_uuid={leg},originate_timeout=5,origination_caller_id_number=+15550199"
        self.desk.switch.ask(f"bgapi originate {{{variables}}}sofia/gateway/{NAME}/+15550100 &park()")
        wait_for("the call is answered", lambda: self.up(leg), 5, after=carrier.heard)
        return leg

    def up(self, leg: str) -> bool:
        return "Channel-Call-State: ACTIVE" in self.desk.switch.ask(f"uuid_dump {leg}")


@pytest.fixture
def office(desk: Desk) -> Iterator[Office]:
    made = Office(desk)
    try:
        yield made
    finally:
        made.remove()
        made.look()
        assert "Invalid Gateway" in made.status()


def test_a_gateway_registers_carries_a_call_and_changes_under_it(office: Office) -> None:
    with Carrier("acme", PASSWORD) as carrier:
        account = CarrierAccount(
            proxy=carrier.address, register=True, username="acme", realm=REALM, codecs=("PCMA", "PCMU")
        )
        office.put(account, PASSWORD)
        assert office.look() == {}
        wait_for("the gateway is registered", office.registered, 10, after=carrier.heard)
        leg = office.call(carrier)
        (invite,) = carrier.invites
        assert "+15550199" in invite.headers["from"]
        assert "m=audio" in invite.raw
        offered = invite.raw.partition("m=audio")[2].splitlines()[0].split()
        assert offered[2:4] == ["8", "0"], "PCMA first"
        assert PASSWORD not in office.status()

        office.put(replace(account, expire_seconds=600))
        assert office.look() == {}
        wait_for("it is registered anew", lambda: len(carrier.contacts) > 1 and office.registered(), 10)
        assert office.up(leg), "the call goes on"
        wait_for("the old registration says farewell", lambda: carrier.farewells != [], 10)
        assert carrier.farewells[0].partition(";")[2] != carrier.contacts[-1].partition(";")[2]
        other = office.call(carrier)

        office.remove()
        assert office.look() == {}
        assert "Invalid Gateway" in office.status()
        assert office.up(leg)
        assert office.up(other)
        assert carrier.refused == []


def test_a_gateway_is_not_lost_to_an_api_that_is_away(office: Office) -> None:
    with Carrier("acme", "secret") as carrier:
        account = CarrierAccount(proxy=carrier.address)
        office.put(account)
        assert office.look() == {}
        before = office.status()
        office.desk.stop_api()
        office.put(replace(account, username="acme"))
        assert set(office.look()) == {NAME}
        assert "<to>sip:FreeSWITCH@" in before
        assert "<to>sip:FreeSWITCH@" in office.status(), "as it was"
        office.desk.start_api()
        assert office.look() == {}
        assert "<to>sip:acme@" in office.status()


def test_the_configuration_s_own_gateway_stays_as_it_is(office: Office) -> None:
    before = office.desk.switch.gateway_port("carrier")
    with office.desk.engine.begin() as db:
        gateways.add(db, office.desk.ours.switch_id, GatewayLimits(name="carrier"), by="test")
        account = CarrierAccount(proxy="127.0.0.1:9")
        carriers.put(db, office.desk.ours.switch_id, "carrier", account, by="test")
    assert set(office.look()) == {"carrier"}
    assert office.desk.switch.gateway_port("carrier") == before


def test_the_kept_file_brings_the_gateways_while_the_api_is_away(office: Office) -> None:
    kept = Path(office.desk.switch.ask("global_getvar kept_gateways"))
    if not (kept.is_absolute() and kept.is_dir() and os.access(kept, os.W_OK)):
        pytest.skip("start the switch with RINGMASTER_KEPT_GATEWAYS, a directory that can be written here")
    with Carrier("acme", PASSWORD) as carrier:
        office.put(CarrierAccount(proxy=carrier.address, username="acme", realm=REALM), PASSWORD)
        door = Door(f"http://127.0.0.1:{office.desk.api_port}", office.desk.key)
        try:
            assert keep_gateways(door, kept)
            office.desk.stop_api()
            office.desk.switch.ask("sofia profile ringmaster rescan")
            assert "<status>UP</status>" in office.status()
            office.call(carrier)
            assert carrier.refused == []
        finally:
            (kept / "carriers.xml").unlink(missing_ok=True)
            office.desk.start_api()
