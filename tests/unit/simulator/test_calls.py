"""The path of one outbound call as a dialer drives it (ARCHITECTURE, 'The path of one outbound call')."""

from __future__ import annotations

import pytest

from esl.simulator import CalleeProfile, FarEnd, Gateway, SwitchConfig, fixed
from tests.unit.simulator.driver import EPOCH_US, Driver

LIST = "'sleep:1900,playback:/msg.wav,hangup:NORMAL_CLEARING' inline"


def person(talk: float = 30.0, patience: float = 20.0) -> SwitchConfig:
    """A customer who answers after a second, talks and waits for so long."""
    end = FarEnd(ring=0.2, answer=1.0, talk=lambda: talk, patience=lambda: patience)
    gateways = {"c": Gateway("c", fixed(end))}
    return SwitchConfig(profile="corpus", epoch_offset_us=EPOCH_US, gateways=gateways)


def test_nobody_comes_the_switch_plays_the_message_at_the_deadline() -> None:
    d = Driver(person())
    d.originate("c1", "c/15550001", LIST)
    answer = d.run_until("CHANNEL_ANSWER", "c1")
    message = d.run_until("PLAYBACK_START", "c1")
    assert 1_880_000 <= message.timestamp_us - answer.timestamp_us <= 1_960_000
    complete = d.run_until("CHANNEL_HANGUP_COMPLETE", "c1")
    assert complete.get("Hangup-Cause") == "NORMAL_CLEARING"
    truth = d.switch.truth[0]
    assert (truth.outcome, truth.ended_by, truth.bridged) == ("not_bridged", "application", 0)
    assert truth.message_us == 5_000_000
    assert d.switch.silence_violations == []


def test_bridge_on_execute_of_the_wait_and_the_customer_ends_the_talk() -> None:
    d = Driver(person(talk=30.0))
    d.agent()
    d.originate("c1", "c/15550001", LIST, hangup_after_bridge="true")
    answer = d.run_until("CHANNEL_ANSWER", "c1")
    d.run_until("CHANNEL_EXECUTE", "c1")
    assert d.api("uuid_bridge c1 agent") == "+OK agent\n"
    bridge = d.run_until("CHANNEL_BRIDGE", "c1")
    assert 40_000 <= bridge.timestamp_us - answer.timestamp_us <= 120_000
    assert (bridge.get("Bridge-A-Unique-ID"), bridge.get("Bridge-B-Unique-ID")) == ("c1", "agent")
    complete = d.run_until("CHANNEL_HANGUP_COMPLETE", "c1")
    assert complete.variable("sip_term_status") == "200"
    assert complete.variable("sip_hangup_disposition") == "recv_bye"
    talked = complete.integer("Caller-Channel-Hangup-Time") - complete.integer("Caller-Channel-Bridged-Time")
    truth = d.switch.truth[1]
    assert truth.talk_us == talked
    assert talked == pytest.approx(30e6, abs=60_000)
    assert (truth.outcome, truth.ended_by, truth.last_partner) == ("bridged", "far_end", "agent")
    assert not [e for e in d.events("c1") if e.name == "PLAYBACK_START"]
    assert d.api("uuid_exists agent") == "true"
    assert d.events("agent")[-1].name == "CHANNEL_PARK"


def test_the_list_resumes_when_the_agent_dies_unless_told_otherwise() -> None:
    for told, plays in (({}, True), ({"hangup_after_bridge": "true"}, False)):
        d = Driver(person())
        d.agent()
        d.originate("c1", "c/15550001", LIST, **told)
        d.run_until("CHANNEL_EXECUTE", "c1")
        d.api("uuid_bridge c1 agent")
        d.run_until("CHANNEL_BRIDGE", "c1")
        d.run(5)
        d.api("uuid_kill agent")
        d.run(1)
        assert bool(d.events("c1", "PLAYBACK_START")) is plays
        assert bool(d.events("c1", "CHANNEL_HANGUP_COMPLETE")) is not plays


def test_a_person_with_nobody_hangs_up_by_patience() -> None:
    d = Driver(person(patience=7.0))
    d.originate("c1", "c/15550001")
    answer = d.run_until("CHANNEL_ANSWER", "c1")
    gone = d.run_until("CHANNEL_HANGUP", "c1")
    assert gone.timestamp_us - answer.timestamp_us == 7_000_000
    truth = d.switch.truth[0]
    assert truth.ended_by == "far_end"
    violation = d.switch.silence_violations[0]
    assert violation.uuid == "c1"
    assert violation.seconds == pytest.approx(7.0, abs=0.05)


def test_one_who_waits_in_silence_now_is_a_violation_already() -> None:
    d = Driver(person())
    d.originate("c1", "c/15550001")
    d.run(3.0)
    assert d.switch.silence_violations == []
    d.run(1.0)
    assert [v.uuid for v in d.switch.silence_violations] == ["c1"]


def test_customer_killed_right_after_the_bridge_command_leaves_the_agent() -> None:
    d = Driver(person())
    d.agent()
    d.originate("c1", "c/15550001", LIST)
    d.run_until("CHANNEL_EXECUTE", "c1")
    d.write("api uuid_bridge c1 agent\n\napi uuid_kill c1\n\n")
    d.run(1)
    assert not d.events("c1", "CHANNEL_BRIDGE")
    assert d.api("uuid_exists agent") == "true"
    d.originate("c2", "c/15550002", LIST, hangup_after_bridge="true")
    d.run_until("CHANNEL_EXECUTE", "c2")
    d.api("uuid_bridge c2 agent")
    d.run_until("CHANNEL_BRIDGE", "c2")


def test_a_second_bridge_moves_the_agent_and_the_first_customer_is_on_its_own() -> None:
    d = Driver(person())
    d.agent()
    for name in ("c1", "c2"):
        d.originate(name, f"c/{name}", LIST, hangup_after_bridge="true")
    d.run_until("CHANNEL_EXECUTE", "c1")
    d.api("uuid_bridge c1 agent")
    d.run_until("CHANNEL_BRIDGE", "c1")
    d.api("uuid_bridge c2 agent")
    d.run_until("CHANNEL_BRIDGE", "c2")
    d.run(1)
    assert d.events("c1", "CHANNEL_UNBRIDGE")
    assert d.api("uuid_exists c1") == "false"


def test_the_race_on_answer_loses_the_agent_with_its_probability() -> None:
    for probability, survives in ((0.0, "true"), (1.0, "false")):
        base = person()
        config = SwitchConfig(
            profile="corpus",
            epoch_offset_us=EPOCH_US,
            gateways=base.gateways,
            answer_race_probability=probability,
        )
        d = Driver(config)
        d.agent()
        d.originate("c1", "c/15550001", LIST)
        d.run_until("CHANNEL_ANSWER", "c1")
        d.api("uuid_bridge c1 agent")
        d.run(1)
        assert d.api("uuid_exists agent") == survives
        assert bool(d.events("c1", "CHANNEL_BRIDGE")) is (survives == "true")
        assert d.job("c1") == "+OK c1\n"


@pytest.mark.parametrize("stage", [0.0, 0.1, 0.5, 1.01, 2.0])
def test_kill_works_in_every_stage(stage: float) -> None:
    d = Driver(person())
    d.originate("c1", "c/15550001", LIST)
    d.run(stage)
    assert d.api("uuid_kill c1 USER_BUSY") == "+OK\n"
    assert d.api("uuid_exists c1") == "false"
    assert d.api("uuid_kill c1") == "-ERR No such channel!\n"
    d.run(0.1)
    complete = d.events("c1", "CHANNEL_HANGUP_COMPLETE")[0]
    assert complete.get("Hangup-Cause") == "USER_BUSY"
    assert d.switch.live_uuids() == set()
    assert d.names("c1")[-1] == "CHANNEL_DESTROY"


def test_a_leg_ends_a_whole_second_before_or_after_its_timeout() -> None:
    d = Driver()
    d.run(0.3)
    d.originate("c1", "noans/1", originate_timeout="20")
    end = d.run_until("CHANNEL_HANGUP_COMPLETE", "c1")
    rang = end.integer("Caller-Channel-Hangup-Time") - end.integer("Caller-Channel-Created-Time")
    assert rang == pytest.approx(19.7e6, abs=40_000)
    assert d.job("c1") == "-ERR NO_ANSWER\n"


def test_transfer_to_a_message_and_park_timeout() -> None:
    d = Driver(person())
    d.originate("c1", "c/15550001")
    d.run_until("CHANNEL_PARK", "c1")
    assert d.api("uuid_transfer c1 'playback:/safe.wav,hangup:NORMAL_CLEARING' inline") == "+OK\n"
    d.run_until("PLAYBACK_START", "c1", within=0.1)
    d.run_until("CHANNEL_HANGUP_COMPLETE", "c1", within=6)
    d.originate("c2", "c/15550002", park_timeout="3", park_after_bridge="true")
    parked = d.run_until("CHANNEL_PARK", "c2")
    assert parked.variable("park_after_bridge") is None
    d.run_until("CHANNEL_HANGUP_COMPLETE", "c2", within=4)


def test_profile_times_are_on_the_tick() -> None:
    d = Driver(SwitchConfig(epoch_offset_us=EPOCH_US, callees=CalleeProfile(answer_probability=1.0)))
    d.originate("c1", "carrier/15550001", LIST)
    d.run(60)
    stamps = [e.timestamp_us for e in d.events("c1")]
    assert stamps
    assert all(stamp % 20_000 == 0 for stamp in stamps)


def test_a_redirect_is_followed_unless_it_is_fatal() -> None:
    d = Driver()
    d.originate("a", "redir302/1")
    d.originate("b", "redir302/1", outbound_redirect_fatal="true")
    d.run(0.5)
    assert d.job("a") == "+OK a\n"
    assert d.job("b") == "-ERR REQUESTED_CHAN_UNAVAIL\n"
    assert d.events("b", "CHANNEL_HANGUP_COMPLETE")[0].variable("sip_redirect_contact_0")


def test_agents_side_by_side_with_transfer_both() -> None:
    d = Driver(person())
    d.agent()
    d.originate("c1", "c/15550001", LIST)
    d.run_until("CHANNEL_EXECUTE", "c1")
    d.api("uuid_bridge c1 agent")
    d.run_until("CHANNEL_BRIDGE", "c1")
    assert d.api("uuid_transfer agent -both park: inline") == "+OK\n"
    d.run(0.2)
    assert {e.uuid for e in d.events(name="CHANNEL_PARK")} == {"agent", "c1"}
    assert d.api("uuid_getvar agent park_after_bridge") == "true"
    assert d.switch.live_uuids() == {"agent", "c1"}


def test_transfer_both_takes_park_after_bridge_from_a_second_leg_that_is_held() -> None:
    """As in f03, and as tried on a real FreeSWITCH: neither without the hold nor on the first leg."""
    d = Driver(person())
    d.agent()
    d.originate("c1", "c/15550001", LIST)
    d.run_until("CHANNEL_EXECUTE", "c1")
    d.api("uuid_bridge c1 agent")
    d.run_until("CHANNEL_BRIDGE", "c1")
    d.api("uuid_hold agent")
    d.run(0.1)
    assert d.api("uuid_transfer agent -both park: inline") == "+OK\n"
    d.run(0.4)
    assert d.api("uuid_getvar agent park_after_bridge") == "_undef_"
    assert [e.name for e in d.events("agent") if e.name in ("CHANNEL_HOLD", "CHANNEL_UNHOLD")] == [
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
    ]
    assert d.switch.live_uuids() == {"agent", "c1"}
