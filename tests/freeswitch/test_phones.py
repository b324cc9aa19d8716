"""Agents' phones at a real switch: registered by the api's directory, dialed behind the fence, held short.

The switch has to be started with RINGMASTER_PHONES_PORT, and with RINGMASTER_API_URL on a free loopback port:
the test itself is the api there, and takes the switch's own key for one that holds.
"""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from callflow.dial_string import DialStrings
from callflow.provision import Provision
from esl.client import Client
from models.phones import PHONE_DOMAIN
from models.repository import phones
from models.session import sessions
from tests.freeswitch.desk import Desk, pair
from tests.freeswitch.phone import Phone
from tests.freeswitch.switch import LOOPBACK
from tests.integration.dialer.site import wait_for

pytestmark = pytest.mark.freeswitch
DIAL = DialStrings.parse("sofia/gateway/carrier/{number}", "sofia/phones/{agent}")


def test_a_phone_registers_with_its_agent_s_login_and_no_other(desk: Desk) -> None:
    first = desk.login(desk.ours)
    with Phone(desk.sip_port) as phone:
        assert phone.register(None) == 401
        assert phone.register((first.user_name, "wrong")) == 403
        assert phone.register(("1001", "1001")) == 403
        assert phone.register(("<user/>&", "x"), user="x") == 403
        assert desk.registered() == set()
        assert phone.register(pair(first)) == 200
        agent = f"{desk.ours.agent_id}@{PHONE_DOMAIN}"
        assert desk.registered() == {agent}
        second = desk.login(desk.ours)
        assert phone.register(pair(second)) == 200
        assert desk.registered() == {agent}, "an agent has one phone"


def test_no_phone_is_registered_in_another_s_name(desk: Desk) -> None:
    login = pair(desk.login(desk.ours))
    with Phone(desk.sip_port) as phone:
        assert phone.register(login, user=desk.theirs.agent_id) == 403
        assert phone.register(login, user="1001") == 403
        # Its own name in another domain: the profile's domain is forced.
        assert phone.register(login, domain="phones..invalid") == 200
        assert desk.registered() == {f"{desk.ours.agent_id}@{PHONE_DOMAIN}"}


def test_the_switch_keeps_the_last_answer_while_the_api_is_away(desk: Desk) -> None:
    login = desk.login(desk.ours)
    with Phone(desk.sip_port) as phone:
        assert phone.register(pair(login)) == 200
        desk.stop_api()
        assert phone.register(pair(login)) == 200, "kept"
        assert phone.register(pair(desk.login(desk.theirs))) == 403, "never asked for before"
        desk.start_api()
        assert phone.register(pair(desk.login(desk.theirs))) == 200


def test_a_login_that_is_over_is_refused_once_the_switch_asks_again(desk: Desk) -> None:
    login = desk.login(desk.ours)
    with Phone(desk.sip_port) as phone:
        assert phone.register(pair(login)) == 200
        with desk.engine.begin() as db:
            db.execute(text("UPDATE agent SET state = 'logged_out', state_since = clock_timestamp()"))
        desk.switch.ask(f"xml_flush_cache id {login.user_name} {PHONE_DOMAIN}")
        assert phone.register(pair(login)) == 403


@pytest.mark.parametrize("how", ["logs out", "signs out", "expires"])
def test_the_dialer_has_a_login_forgotten_that_is_over(desk: Desk, how: str) -> None:
    address = desk.switch.address
    provision = Provision(
        sessions(desk.engine).begin,
        desk.ours.switch_id,
        lambda: Client(address.host, address.port, address.password),
        ready=lambda: "core",
        phone_profile="phones",
        failed=lambda error: pytest.fail(str(error)),
    )
    ended, other = desk.login(desk.ours), desk.login(desk.theirs)
    provision.once()
    with Phone(desk.sip_port) as phone, Phone(desk.sip_port) as theirs:
        assert phone.register(pair(ended)) == 200
        assert theirs.register(pair(other)) == 200
        with desk.engine.begin() as db:
            match how:
                case "logs out":
                    logged_out = "UPDATE agent SET state = 'logged_out', state_since = clock_timestamp()"
                    db.execute(text(f"{logged_out} WHERE id = '{desk.ours.agent_id}'"))
                case "signs out":
                    phones.end(db, desk.ours.agent_id)
                case _:
                    over = "UPDATE phone_login SET expires_at = clock_timestamp() WHERE user_name = :name"
                    db.execute(text(over), {"name": ended.user_name})
        provision.once()
        assert phone.register(pair(ended)) == 403
        assert desk.registered() == {f"{desk.theirs.agent_id}@{PHONE_DOMAIN}"}, "theirs stays"
        again = desk.login(desk.ours)
        provision.once()
        assert phone.register(pair(again)) == 200
        desk.login(desk.ours)
        provision.once()
        assert phone.register(pair(again)) == 403, "a new login ends the last"


def test_the_fence_holds_for_phones(desk: Desk) -> None:
    with Phone(desk.sip_port) as phone:
        assert phone.register(pair(desk.login(desk.ours))) == 200
        there = DIAL.agent(desk.ours.agent_id, "", fence="rm_fence_0")
        assert desk.switch.ask(f"expand originate {there} &park()") == "-ERR USER_NOT_REGISTERED"
        assert desk.switch.channels() == 0
        desk.switch.ask("global_setvar rm_fence_77=gateway")
        try:
            leg = desk.call(desk.ours, fence="rm_fence_77")
            invite = phone.is_called()
            assert invite is not None
            assert invite.headers["call-id"] == leg
            phone.answer(invite, "486 Busy Here")
            wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)
        finally:
            desk.switch.ask("global_setvar rm_fence_77=")


def test_a_phone_can_neither_transfer_nor_call(desk: Desk) -> None:
    login = pair(desk.login(desk.ours))
    with Phone(desk.sip_port) as phone:
        assert phone.register(login) == 200
        leg = desk.call(desk.ours)
        invite = phone.is_called()
        assert invite is not None
        phone.answer(invite, "200 OK", sdp=True)
        wait_for("the leg is answered", lambda: desk.switch.ask(f"uuid_exists {leg}") == "true", 5)
        target = re.search(r"<(sip:[^>]+)>", invite.headers["contact"])
        assert target is not None
        dialog = {
            "From": f"{invite.headers['to']};tag=phone",
            "To": invite.headers["from"],
            "Call-ID": invite.headers["call-id"],
        }
        elsewhere = {**dialog, "Refer-To": "<sip:+19005550100@carrier.example>"}
        assert phone.ask("REFER", target[1], elsewhere) in (403, 405)
        assert desk.switch.ask(f"uuid_exists {leg}") == "true", "the call goes on"
        own = {"From": f"<sip:{login[0]}@{PHONE_DOMAIN}>;tag=x", "To": f"<sip:+19005550100@{PHONE_DOMAIN}>"}
        uri = f"sip:+19005550100@{PHONE_DOMAIN}"
        assert phone.ask("INVITE", uri, own, body=phone.sdp) == 407
        assert phone.ask("INVITE", uri, own, login=login, body=phone.sdp) == 603
        desk.switch.ask(f"uuid_kill {leg}")
        wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)


@pytest.mark.parametrize("mark", [",", "|", ":_:"])
def test_a_phone_s_address_is_no_dial_string(desk: Desk, mark: str) -> None:
    """A phone that says it is at `x,sofia/phones/OTHER%DOMAIN` has nobody else called."""
    with Phone(desk.sip_port) as phone, Phone(desk.sip_port) as other:
        assert other.register(pair(desk.login(desk.theirs))) == 200
        elsewhere = f"sip:x{mark}sofia/phones/{desk.theirs.agent_id}@{LOOPBACK}:{phone.port}"
        status = phone.register(pair(desk.login(desk.ours)), contact=elsewhere)
        if status != 200:
            return  # no address of a phone at all
        desk.call(desk.ours)
        invite = phone.is_called()
        assert invite is not None
        phone.answer(invite, "486 Busy Here")
        assert other.is_called(0.5) is None
        wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)


def test_a_phone_that_redirects_has_nobody_called(desk: Desk) -> None:
    with Phone(desk.sip_port) as phone, Phone(desk.sip_port) as elsewhere:
        assert phone.register(pair(desk.login(desk.ours))) == 200
        desk.call(desk.ours)
        invite = phone.is_called()
        assert invite is not None
        phone.answer(invite, "302 Moved", more=f"Contact: <sip:+19005550100@{LOOPBACK}:{elsewhere.port}>\r\n")
        assert elsewhere.is_called(0.5) is None
        wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)
