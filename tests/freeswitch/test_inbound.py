"""A call that comes in while no dialer is there: it rings, waits, and gets the switch's own fallback."""

from __future__ import annotations

import re
import secrets
from threading import Thread

import pytest

from tests.freeswitch.phone import Phone
from tests.freeswitch.switch import LOOPBACK, TestSwitch
from tests.integration.dialer.site import wait_for

_WAITING = re.compile(r"^(\S{36}),inbound,.*,sleep,", re.MULTILINE)
pytestmark = pytest.mark.freeswitch


@pytest.fixture
def sip_port(test_switch: TestSwitch) -> int:
    shown = test_switch.ask("sofia status profile ringmaster")
    found = re.search(r"^BIND-URL\s+sip:\S+:(\d+);", shown, re.MULTILINE)
    if found is None or test_switch.ask("global_getvar inbound_context") != "waiting":
        pytest.skip("the switch refuses calls that come in: start it with RINGMASTER_INBOUND=waiting")
    return int(found[1])


def invite(carrier: Phone, number: str, port: int) -> int:
    caller = {
        "From": f"<sip:+12125550100@{LOOPBACK}>;tag={secrets.token_hex(4)}",
        "To": f"<sip:{number}@{LOOPBACK}>",
    }
    return carrier.ask("INVITE", f"sip:{number}@{LOOPBACK}:{port}", caller, body=carrier.sdp)


def test_it_waits_for_the_engine_and_then_hears_the_announcement(
    test_switch: TestSwitch, sip_port: int
) -> None:
    with Phone(sip_port) as carrier:
        assert invite(carrier, "+12125550199", sip_port) == 200
        assert carrier.heard[:2] == [100, 180]
        bye = carrier.hear(15)
        while bye.method != "BYE":
            bye = carrier.hear(15)
        carrier.answer(bye, "200 OK")
    wait_for("the call is gone", lambda: test_switch.channels() == 0, 5)


def test_the_engine_can_take_it_from_its_wait(test_switch: TestSwitch, sip_port: int) -> None:
    """The engine would see the wait by its EXECUTE; here the list of channels shows it."""

    def take() -> None:
        shown = wait_for("it waits", lambda: _WAITING.search(test_switch.ask("show channels")), 3)
        for command in ("uuid_answer {}", "uuid_transfer {} 'park:' inline"):
            test_switch.ask(command.format(shown[1]))
        taken.append(shown[1])

    taken: list[str] = []
    with Phone(sip_port) as carrier:
        engine = Thread(target=take)
        engine.start()
        assert invite(carrier, "+12125550198", sip_port) == 200
        engine.join(5)
        wait_for("it is taken", lambda: ",park," in test_switch.ask("show channels"), 3)
        test_switch.ask(f"uuid_kill {taken[0]}")
    wait_for("the call is gone", lambda: test_switch.channels() == 0, 5)


@pytest.mark.parametrize(("number", "status"), [("nobody", 404), ("full", 503), ("%0Ax", 404)])
def test_what_is_no_number_is_refused(sip_port: int, number: str, status: int) -> None:
    with Phone(sip_port) as carrier:
        assert invite(carrier, number, sip_port) == status
