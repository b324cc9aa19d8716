"""The doctor on a real switch: what is there is found well, what is not is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from callflow import doctor
from callflow.dial_string import DialStrings
from callflow.doctor import legs
from callflow.doctor.findings import Verdict
from models.settings import Settings
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import wait_for

pytestmark = pytest.mark.freeswitch


def settings(switch: TestSwitch, folder: Path) -> Settings:
    return Settings(
        database_url="",
        data_directory=folder,
        switch_host=switch.address.host,
        switch_port=switch.address.port,
        switch_password=SecretStr(switch.address.password),
    )


def test_a_switch_with_our_configuration_is_well(test_switch: TestSwitch, tmp_path: Path) -> None:
    dial = DialStrings.parse("sofia/gateway/carrier/{number}", "sofia/gateway/agents/{number}")
    found = {f.check: f for f in doctor.examine(settings(test_switch, tmp_path), dial)}
    elsewhere = {"database", "disk"}  # what this machine lacks is no fault of the switch
    wrong = [f for f in found.values() if f.verdict is not Verdict.OK and f.check not in elsewhere]
    assert not wrong
    median = re.match(r"median (\d+) ms", found["bridge"].found)
    assert median is not None
    assert 0 < int(median[1]) < 250
    wait_for("no leg is left behind", lambda: test_switch.channels() == 0, 3)


def test_its_own_account_of_its_configuration(test_switch: TestSwitch, tmp_path: Path) -> None:
    agents = "sofia/phones/{agent}" if has_phones(test_switch) else "sofia/gateway/agents/{number}"
    dial = DialStrings.parse("sofia/gateway/carrier/{number}", agents)
    found = {f.check: f for f in doctor.examine(settings(test_switch, tmp_path), dial)}
    looked_at = {"event socket", "profile ringmaster", "sound ports", "music", "recordings"}
    looked_at |= {"phones", "profile phones"} if has_phones(test_switch) else set()
    assert looked_at <= set(found)
    assert {found[check].verdict for check in looked_at} == {Verdict.OK}


def test_a_profile_that_is_not_there(test_switch: TestSwitch, tmp_path: Path) -> None:
    dial = DialStrings.parse("sofia/gateway/carrier/{number}", "sofia/nowhere/{agent}")
    found = {f.check: f for f in doctor.examine(settings(test_switch, tmp_path), dial)}
    assert found["phones"].verdict is Verdict.FAILED


def has_phones(test_switch: TestSwitch) -> bool:
    return not test_switch.ask("sofia xmlstatus profile phones").startswith("Invalid")


def test_a_gateway_that_is_not_there(test_switch: TestSwitch, tmp_path: Path) -> None:
    dial = DialStrings.parse("sofia/gateway/nowhere/{number}", "sofia/gateway/agents/{number}")
    found = {f.check: f for f in doctor.examine(settings(test_switch, tmp_path), dial)}
    assert found["gateway nowhere"].verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("message", "verdict"),
    [("silence_stream://400", Verdict.OK), ("there-is-no-such-file.wav", Verdict.FAILED)],
)
def test_messages(test_switch: TestSwitch, message: str, verdict: Verdict) -> None:
    assert legs.message(test_switch.ask, message).verdict is verdict


def test_the_fence_holds_for_every_dial_string_that_is_taken(test_switch: TestSwitch) -> None:
    """With the fence down the switch itself refuses, and no channel is made."""
    for text in (
        "sofia/gateway/carrier/{number}",
        "sofia/gateway/carrier/9{number}@127.0.0.1:9",
        "sofia/gateway/carrier/{number};user=phone",
        "sofia/gateway/ringmaster/{number}",  # named like the profile
    ):
        fenced = DialStrings.parse(text, "sofia/gateway/agents/{number}").customers.fill(
            "+12125550100", fence="rm_fence_0"
        )
        assert test_switch.ask(f"expand originate {fenced} &park()") == "-ERR INVALID_PROFILE"
    wait_for("no channel was made", lambda: test_switch.channels() == 0, 3)
