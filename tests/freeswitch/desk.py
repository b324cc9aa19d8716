"""An agent of each of two tenants, the api that the switch asks for their phones, what is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import Engine

from api.secrets import split_key
from callflow.dial_string import DialStrings
from models.carrier_keys import Vault, new_carrier_key
from models.ids import new_id
from models.phones import NewPhone, new_phone
from models.repository import phones, switch_keys
from models.session import sync_engine
from tests.freeswitch.switch import LOOPBACK, TestSwitch
from tests.integration.api.office import Tenant, make_state, make_tenant
from tests.integration.api.served import serving

PROFILES = ("phones", "webrtc")


@dataclass
class Desk:
    """An agent of each of two tenants, the api that the switch asks, and phones at its profile."""

    switch: TestSwitch
    engine: Engine
    url: str
    key: str
    api_port: int
    sip_port: int
    ours: Tenant
    theirs: Tenant
    vault: Vault = field(default_factory=lambda: Vault((new_carrier_key(),)))
    serving: ExitStack = field(default_factory=ExitStack)
    legs: list[str] = field(default_factory=list)

    def start_api(self) -> None:
        state = make_state(self.url)
        state.vault = self.vault
        served = self.serving.enter_context(serving(state, port=self.api_port))
        # The first request opens the database: the switch need not wait for that.
        warm = httpx2.post(f"{served.url}/v1/switch/directory", auth=("switch", self.key), timeout=30)
        assert warm.status_code == 200

    def stop_api(self) -> None:
        self.serving.close()

    def login(self, tenant: Tenant) -> NewPhone:
        """A login as the api makes it."""
        made = new_phone()
        with self.engine.begin() as db:
            phones.put(db, tenant.agent_id, made, seconds=3600.0, tenant_id=tenant.id)
        return made

    def registered(self, profile: str = "phones") -> set[str]:
        shown = self.switch.ask(f"sofia status profile {profile} reg")
        return set(re.findall(r"^User:\s+(\S+)", shown, re.MULTILINE))

    def call(
        self, tenant: Tenant, *, profile: str = "phones", fence: str = "", application: str = "&park()"
    ) -> str:
        """Dial the agent in the background; the leg's uuid."""
        leg = new_id()
        self.legs.append(leg)
        dial = DialStrings.parse("sofia/gateway/carrier/{number}", f"sofia/{profile}/{{agent}}")
        there = dial.agent(tenant.agent_id, "", fence=fence)
        variables = f"origination_uuid={leg},originate_timeout=5,outbound_redirect_fatal=true"
        self.switch.ask(f"bgapi expand originate {{{variables}}}{there} {application}")
        return leg


def pair(login: NewPhone) -> tuple[str, str]:
    return login.user_name, login.password


@contextmanager
def open_desk(test_switch: TestSwitch, database_url: str) -> Iterator[Desk]:
    """Both tenants in the database, the api where the switch asks; skips without such a switch."""
    shown = test_switch.ask("sofia status profile phones")
    found = re.search(r"^BIND-URL\s+sip:\S+:(\d+);", shown, re.MULTILINE)
    api, key = (test_switch.ask(f"global_getvar {name}") for name in ("api_url", "switch_key"))
    split = split_key(key)
    if found is None or split is None or urlsplit(api).hostname != LOOPBACK:
        pytest.skip("the switch has no profile `phones`, or asks no api on this machine's loopback")
    engine = sync_engine(database_url)
    ours, theirs = make_tenant(engine, "ours"), make_tenant(engine, "theirs")
    with engine.begin() as db:
        switch_keys.create(db, ours.switch_id, prefix=split[0], key_hash=split[1])
    desk = Desk(test_switch, engine, database_url, key, urlsplit(api).port or 80, int(found[1]), ours, theirs)
    try:
        with desk.serving:
            desk.start_api()
            yield desk
    finally:
        for leg in desk.legs:
            test_switch.ask(f"uuid_kill {leg}")
        test_switch.ask("xml_flush_cache")
        for profile in PROFILES:
            for user in desk.registered(profile):
                test_switch.ask(f"sofia profile {profile} flush_inbound_reg {user}")
        engine.dispose()
