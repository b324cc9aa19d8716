"""Commands that variables of a leg make the switch run, and legs that go to an extension."""

from __future__ import annotations

import pytest

from esl.simulator import SwitchConfig
from esl.simulator.dialplan import Extension, find
from tests.unit.simulator.driver import EPOCH_US, Driver

LEG = "11111111-0000-4000-8000-000000000001"


def test_the_hangup_hook_makes_an_event_without_a_name() -> None:
    driver = Driver()
    driver.originate(LEG, "ans0/1")
    driver.api(f"uuid_setvar {LEG} api_hangup_hook hash insert/outcome/${{uuid}}/${{billsec}}")
    driver.run(1.5)
    driver.api(f"uuid_kill {LEG}")
    driver.run(1.0)
    nameless = [e for e in driver.events() if not e.name]
    assert len(nameless) == 1
    assert nameless[0].get("uuid") == LEG  # variables without their prefix
    assert nameless[0].get("variable_uuid") == LEG
    assert nameless[0].get("API-Command") == "hash"
    assert driver.api(f"hash select/outcome/{LEG}") == nameless[0].get("variable_billsec") == "1"


def test_execute_on_ring_runs_before_the_call_state_and_sees_the_variables() -> None:
    driver = Driver()
    driver.originate(LEG, "carrier/1", execute_on_ring="'set seen=${destination}'", destination="d1")
    driver.run(0.1)
    names = [e.name for e in driver.events(LEG) if e.name != "CHANNEL_STATE"]
    assert names[-4:] == [
        "CHANNEL_PROGRESS",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_CALLSTATE",
    ]
    assert driver.api(f"uuid_getvar {LEG} seen") == "_undef_"  # ${} is expanded by originate, to nothing
    driver.api(f"uuid_setvar {LEG} execute_on_answer_2 set seen=${{destination}}")
    driver.run(1.5)
    assert driver.api(f"uuid_getvar {LEG} seen") == "d1"


def test_api_on_answer_runs_with_its_variables() -> None:
    driver = Driver()
    driver.originate(LEG, "ans0/1")
    driver.api(f"uuid_setvar {LEG} api_on_answer hash insert/seen/${{uuid}}/yes")
    driver.run(0.2)
    assert driver.api(f"hash select/seen/{LEG}") == "yes"


def test_an_extension_gets_its_groups_and_its_context() -> None:
    table = (
        Extension(r"^9(\d+)$", (("playback", "say-$1.wav$2"),), context="public"),
        Extension(r"^91$", (("park", ""),)),
    )
    assert find(table, "public", "9123") == [("playback", "say-123.wav")]
    assert find(table, "default", "91") == [("park", "")]
    assert find(table, "default", "92") is None
    with pytest.raises(ValueError, match="not a regular expression"):
        Extension("(", ())


def test_a_transfer_to_an_extension_runs_it_and_to_none_hangs_up() -> None:
    extension = Extension(r"^77$", (("set", "was=there"), ("park", "")), context="public")
    driver = Driver(SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus", dialplan=(extension,)))
    driver.originate(LEG, "ans0/1")
    driver.run(0.2)
    assert driver.api(f"uuid_transfer {LEG} 77 XML public") == "+OK\n"
    driver.run(0.2)
    assert driver.api(f"uuid_getvar {LEG} was") == "there"
    assert driver.events(LEG, "CHANNEL_PARK")[-1].get("Caller-Destination-Number") == "77"
    assert driver.api(f"uuid_transfer {LEG} 77 XML default") == "+OK\n"
    ended = driver.run_until("CHANNEL_HANGUP_COMPLETE", LEG)
    assert ended.get("Hangup-Cause") == "NO_ROUTE_DESTINATION"
