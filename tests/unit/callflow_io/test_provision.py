"""What the dialer has the switch forget and ask for again, on a switch of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callflow.provision import forget_logins, settle_gateways

OLD, NEW = "a" * 32, "b" * 32


@dataclass
class Fake:
    """A profile's gateways (name to revision; empty: of its own configuration), and what the api has."""

    gateways: dict[str, str] = field(default_factory=dict)
    offered: dict[str, str] = field(default_factory=dict)
    api_away: bool = False
    profile: bool = True
    said: list[str] = field(default_factory=list)

    def ask(self, line: str) -> str:
        self.said.append(line)
        match line.split():
            case ["sofia", "profile", _, *_] if not self.profile:
                return "Invalid Profile [ringmaster]"
            case ["sofia", "profile", "ringmaster", "gwlist", up]:
                return " ".join(self.gateways) if up == "up" else ""
            case ["sofia_gateway_data", name, "ivar", "rm_revision"]:
                return self.gateways.get(name) or "-ERR no reply"
            case ["sofia", "xmlstatus", "gateway", name]:
                return "<gateway>" if name in self.gateways else "Invalid Gateway!"
            case ["sofia", "profile", "ringmaster", "killgw", name]:
                del self.gateways[name]
                return "+OK"
            case ["sofia", "profile", "ringmaster", "rescan"]:
                self.gateways = {**({} if self.api_away else self.offered), **self.gateways}
                return "+OK"
            case ["xml_locate", *_]:
                return "-ERR" if self.api_away else self.shown()
        return "+OK"

    def shown(self) -> str:
        inner = "".join(
            f'<gateway name="{name}"><variable name="rm_revision" value="{revision}"/></gateway>'
            for name, revision in self.offered.items()
        )
        return f'<domain name="carriers.invalid"><user><gateways>{inner}</gateways></user></domain>'

    def settle(self, wanted: Mapping[str, str]) -> set[str]:
        return set(settle_gateways(self.ask, wanted))


def changes(fake: Fake) -> list[str]:
    return [line for line in fake.said if "killgw" in line or "rescan" in line]


def test_a_switch_that_has_everything_is_left_alone() -> None:
    fake = Fake({"carrier": "", "north": NEW}, {"north": NEW})
    assert fake.settle({"north": NEW}) == set()
    assert changes(fake) == []


def test_a_new_gateway_comes_and_a_changed_one_is_made_anew() -> None:
    fake = Fake({"carrier": "", "north": OLD}, {"north": NEW, "south": NEW})
    assert fake.settle({"north": NEW, "south": NEW}) == set()
    assert fake.gateways == {"carrier": "", "north": NEW, "south": NEW}
    assert changes(fake) == ["sofia profile ringmaster killgw north", "sofia profile ringmaster rescan"]


def test_one_that_is_wanted_no_more_goes_even_while_the_api_is_away() -> None:
    fake = Fake({"carrier": "", "north": OLD}, api_away=True)
    assert fake.settle({}) == set()
    assert fake.gateways == {"carrier": ""}


def test_a_gateway_is_not_given_up_before_the_api_has_the_new_one() -> None:
    for fake in (
        Fake({"north": OLD}, api_away=True),
        Fake({"north": OLD}, {"north": OLD}),
        Fake({"north": OLD}),
    ):
        assert fake.settle({"north": NEW}) == {"north"}
        assert fake.gateways == {"north": OLD}
        assert changes(fake) == []


def test_the_configuration_s_own_gateway_is_not_touched() -> None:
    fake = Fake({"carrier": ""}, {"carrier": NEW})
    assert fake.settle({"carrier": NEW}) == {"carrier"}
    assert changes(fake) == []


def test_a_switch_that_does_not_take_it_is_said_to() -> None:
    fake = Fake({}, {"north": NEW})
    fake.gateways = {}
    taken = fake.ask

    def deaf(line: str) -> str:
        return "+OK" if line.endswith("rescan") else taken(line)

    assert set(settle_gateways(deaf, {"north": NEW})) == {"north"}


def test_a_switch_without_the_profile_or_a_simulator_is_said_to_lack_the_gateways() -> None:
    assert Fake(profile=False).settle({"north": NEW}) == {"north"}
    assert Fake(profile=False).settle({}) == set()


def test_a_login_that_ended_is_forgotten_and_its_phone_with_it() -> None:
    fake = Fake()
    forget_logins(fake.ask, "phones", {"p1": "anna", "p2": "ben"}, {"p3": "ben"})
    assert fake.said == [
        "xml_flush_cache id p1 phones.gateway.invalid",
        "xml_flush_cache id p2 phones.gateway.invalid",
        "sofia profile phones flush_inbound_reg anna@phones.gateway.invalid",
    ], "ben has a new login, with which the phone may be registered already"
