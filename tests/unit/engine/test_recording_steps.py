"""Recording of a call, step by step, and each pair of events that can race."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callflow.inputs import LinkDown, LinkUp, RecordingsTold
from models.enums import AgentState, AttemptState, CommandKind, CommandStatus, RecordingConsent, RecordingMode
from models.recordings import RecordingPlan
from models.records import (
    CampaignSettings,
    CommandFinished,
    DialerSnapshot,
    KnownAgent,
    OpenRecording,
    RecordingMarked,
    RecordingOrders,
    RecordingStarted,
    RecordingStopped,
)
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench, open_attempt

ALWAYS = RecordingPlan(mode=RecordingMode.ALWAYS, consent=RecordingConsent.NONE)
ANNOUNCED = RecordingPlan(mode=RecordingMode.ALWAYS, announcement="prompts/told.wav")
ASKED = RecordingPlan(mode=RecordingMode.ALWAYS, consent=RecordingConsent.ASKED)
ON_DEMAND = RecordingPlan(mode=RecordingMode.ON_DEMAND, consent=RecordingConsent.NONE)


class Call:
    """A bench with one conversation."""

    def __init__(self, plan: RecordingPlan) -> None:
        self.bench = Bench(DialerSnapshot(campaigns=(settings(plan),)))
        self.standing = self.bench.log_in()
        self.leg = self.bench.dial()
        self.attempt_id = self.leg
        self.bench.ring(self.leg)
        self.bench.answer(self.leg)
        self.bench.bridge(self.leg, self.standing)

    @property
    def path(self) -> str:
        return str(self.bench.records(RecordingStarted)[-1].path)

    def asked(self) -> list[str]:
        """What was asked of the switch, without leg and path."""
        return [args.split()[1] for args in self.bench.commands("uuid_record")]

    def heard(self, name: str, **headers: Any) -> None:
        self.bench.event(name, self.leg, Record_File_Path=self.path, **headers)

    def started(self) -> None:
        self.reply("start")
        self.heard("RECORD_START")

    def reply(self, action: str, text: str = "+OK Success") -> None:
        tokens = [token for token in self.bench.tokens("record") if token.endswith(f":{action}")]
        self.bench.reply(tokens[-1], text)

    def ask(self, kind: CommandKind, **payload: Any) -> str:
        """The command's id."""
        self.bench.command(kind, agent_id="a1", payload={"attempt_id": self.attempt_id, **payload})
        return f"cmd-{len(self.bench.saved)}"

    def answers(self) -> list[tuple[CommandStatus, str]]:
        found = self.bench.records(CommandFinished)
        return [(one.status, one.detail) for one in found if one.command_id != "login-a1"]

    def stops(self) -> list[tuple[str, float | None]]:
        return [(one.cause, one.seconds) for one in self.bench.records(RecordingStopped)]

    def masks(self) -> list[bool]:
        return [one.masked for one in self.bench.records(RecordingMarked)]


def settings(plan: RecordingPlan) -> CampaignSettings:
    return replace(CAMPAIGN, recording=plan)


def done(*refusals: str) -> list[tuple[CommandStatus, str]]:
    return [(CommandStatus.REFUSED if word else CommandStatus.DONE, word) for word in refusals]


def test_a_call_is_recorded_from_the_bridge_to_its_end_in_stereo() -> None:
    call = Call(ALWAYS)
    assert call.bench.commands("uuid_setvar_multi") == [f"{call.leg} RECORD_STEREO=true;RECORD_MIN_SEC=0"]
    (started,) = call.bench.records(RecordingStarted)
    assert started.path == f"/var/lib/freeswitch/recordings/{call.attempt_id}.{started.recording_id}.wav"
    assert call.bench.commands("uuid_record") == [f"{call.leg} start {started.path}"]
    order = [type(one).__name__ for one in call.bench.saved]
    assert order.index("AttemptBridged") < order.index("RecordingStarted")
    call.started()
    assert call.bench.engine.status()["campaigns"]["c1"]["recordings"] == {"recording": 1}
    call.heard("RECORD_STOP", Record_Completion_Cause="success-silence", variable_record_ms=61_500)
    call.bench.hang_up(call.leg)
    assert call.stops() == [("success-silence", 61.5)]
    assert call.bench.engine.status()["campaigns"]["c1"]["recordings"] == {}


def test_nothing_is_recorded_where_nothing_is_to_be() -> None:
    call = Call(RecordingPlan())
    assert not call.asked()
    call.ask(CommandKind.RECORDING_START)
    assert call.answers() == done("this campaign's calls are not recorded")
    assert not call.asked()


def test_a_share_is_drawn_from_the_call_s_own_id() -> None:
    plan = RecordingPlan(mode=RecordingMode.SHARE, share=0.25, consent=RecordingConsent.NONE)
    drawn = [plan.chooses(f"0190c3d2-{n:012x}") for n in range(4000)]
    assert 900 < sum(drawn) < 1100
    assert drawn == [plan.chooses(f"0190c3d2-{n:012x}") for n in range(4000)]
    assert not any(replace(plan, share=0.0).chooses(str(n)) for n in range(100))
    assert all(replace(plan, share=1.0).chooses(str(n)) for n in range(100))
    call = Call(replace(plan, share=0.0))
    call.ask(CommandKind.RECORDING_START)
    assert call.answers() == done("this call is not one of those that are recorded")


def test_an_announced_recording_begins_when_the_announcement_was_heard_to_its_end() -> None:
    call = Call(ANNOUNCED)
    assert call.bench.commands("uuid_broadcast") == [f"{call.leg} prompts/told.wav both"]
    assert not call.asked()
    played = {"Playback_File_Path": "/sounds/prompts/told.wav"}
    call.bench.event("PLAYBACK_START", call.leg, **played)
    call.bench.event("PLAYBACK_STOP", call.leg, Playback_File_Path="/music/hold.wav", Playback_Status="done")
    assert not call.asked()
    call.bench.event("PLAYBACK_STOP", call.leg, **played, Playback_Status="done")
    assert call.asked() == ["start"]


def test_an_announcement_that_nobody_hears_is_tried_again_and_then_nothing_is_recorded() -> None:
    call = Call(ANNOUNCED)
    for _ in range(2):
        call.bench.fire(f"recording:{call.attempt_id}")
    call.bench.event("PLAYBACK_STOP", call.leg, Playback_File_Path="told.wav", Playback_Status="break")
    assert len(call.bench.commands("uuid_broadcast")) == 3
    assert not call.asked()
    assert not call.bench.records(RecordingStarted)
    assert call.bench.engine.status()["counters"]["recording_not_announced"] == 1


def test_who_has_to_be_asked_is_recorded_from_the_agent_s_word_on() -> None:
    call = Call(ASKED)
    assert not call.asked()
    call.ask(CommandKind.RECORDING_START)
    assert call.answers() == done("the person has to agree first: ask, and say so with `consent`")
    command_id = call.ask(CommandKind.RECORDING_START, consent=True)
    assert len(call.answers()) == 1, "answered by the switch's word"
    call.started()
    assert call.answers()[1:] == done("")
    (started,) = call.bench.records(RecordingStarted)
    assert started.consent is RecordingConsent.ASKED
    assert started.command_id is not None
    assert command_id
    call.ask(CommandKind.RECORDING_START, consent=True)
    assert call.asked() == ["start"], "it runs already"
    assert call.answers()[2:] == done("")


def test_start_and_stop_on_demand_make_a_file_each() -> None:
    call = Call(ON_DEMAND)
    assert not call.asked()
    for _ in range(2):
        call.ask(CommandKind.RECORDING_START)
        call.started()
        call.ask(CommandKind.RECORDING_STOP)
        call.reply("stop")
        call.heard("RECORD_STOP", Record_Completion_Cause="success", variable_record_ms=5_000)
    assert call.asked() == ["start", "stop"] * 2
    assert call.answers() == done("", "", "", "")
    assert call.stops() == [("success", 5.0)] * 2
    first, second = call.bench.records(RecordingStarted)
    assert first.path != second.path
    assert all(one.command_id for one in call.bench.records(RecordingStopped))
    call.ask(CommandKind.RECORDING_STOP)
    assert call.answers()[4:] == done(""), "it does not run: that is what was wanted"


def test_card_data_is_masked_by_the_switch_s_word() -> None:
    call = Call(ALWAYS)
    call.started()
    call.ask(CommandKind.RECORDING_PAUSE)
    assert call.masks() == []
    assert call.answers() == []
    call.reply("mask")
    call.ask(CommandKind.RECORDING_RESUME)
    call.reply("unmask")
    assert call.asked() == ["start", "mask", "unmask"]
    assert call.masks() == [True, False]
    assert call.answers() == done("", "")
    assert all(one.command_id for one in call.bench.records(RecordingMarked))


def test_a_mask_that_the_switch_refuses_ends_the_recording() -> None:
    call = Call(ALWAYS)
    call.started()
    call.ask(CommandKind.RECORDING_PAUSE)
    call.reply("mask", "-ERR Cannot mask recording session!")
    assert call.asked() == ["start", "mask", "stop"]
    assert call.answers() == done("the switch could not pause the recording: it is stopped instead")
    assert call.masks() == []


def test_a_pause_before_the_file_is_open_is_kept_until_it_is() -> None:
    call = Call(ALWAYS)
    call.ask(CommandKind.RECORDING_PAUSE)
    assert call.asked() == ["start"]
    call.started()
    assert call.asked() == ["start", "mask"]
    call.reply("mask")
    assert call.masks() == [True]
    assert call.answers() == done("")


def test_a_start_that_the_switch_refuses_leaves_no_file_behind() -> None:
    call = Call(ON_DEMAND)
    call.ask(CommandKind.RECORDING_START)
    call.reply("start", "-ERR Cannot record session!")
    assert call.stops() == [("refused: -ERR Cannot record session!", None)]
    assert call.answers() == done("the recording has ended")


def test_hang_up_before_the_start_is_answered() -> None:
    call = Call(ALWAYS)
    call.bench.hang_up(call.leg)
    assert call.stops() == [("call ended", None)]
    saved = len(call.bench.saved)
    call.reply("start", "-ERR Cannot locate session!")
    call.heard("RECORD_STOP", variable_record_ms=100)
    assert len(call.bench.saved) == saved, "it is over"


@pytest.mark.parametrize("late", ["-ERR Cannot locate session!", "+OK Success"])
def test_hang_up_while_a_mask_is_under_way(late: str) -> None:
    call = Call(ALWAYS)
    call.started()
    call.ask(CommandKind.RECORDING_PAUSE)
    call.heard("RECORD_STOP", Record_Completion_Cause="success-silence", variable_record_ms=2_000)
    call.reply("mask", late)
    call.bench.hang_up(call.leg)
    assert call.stops() == [("success-silence", 2.0)]
    assert call.masks() == []
    assert call.answers() == done("the recording has ended")
    assert call.asked() == ["start", "mask"]


def test_hang_up_in_the_announcement() -> None:
    call = Call(ANNOUNCED)
    call.bench.hang_up(call.leg)
    assert not call.asked()
    assert not call.bench.records(RecordingStarted)
    assert f"recording:{call.attempt_id}" not in call.bench.timers


def test_a_lost_record_start_is_made_up_for() -> None:
    call = Call(ALWAYS)
    call.reply("start")
    call.bench.fire(f"recording:{call.attempt_id}")
    assert call.asked() == ["start", "unmask"]
    call.reply("unmask")
    assert call.bench.engine.status()["campaigns"]["c1"]["recordings"] == {"recording": 1}
    assert call.masks() == []


def test_a_lost_record_stop_is_made_up_for() -> None:
    call = Call(ON_DEMAND)
    call.ask(CommandKind.RECORDING_START)
    call.started()
    call.ask(CommandKind.RECORDING_STOP)
    call.reply("stop")
    assert call.answers() == done("", "")
    call.bench.fire(f"recording:{call.attempt_id}")
    assert call.stops() == [("stopped", None)]


def test_the_link_lost_while_a_mask_is_under_way_is_told_and_the_wish_stands() -> None:
    call = Call(ALWAYS)
    call.started()
    call.ask(CommandKind.RECORDING_PAUSE)
    call.bench.give(LinkDown("cut"))
    assert call.answers() == done("the switch went away: ask again when it is back")
    call.ask(CommandKind.RECORDING_RESUME)
    assert call.answers()[1:] == done("the switch can't be asked at this moment: try again when it is back")
    call.bench.give(LinkUp("core-1"))
    dump(call.bench, call.leg, call.standing)
    assert call.asked() == ["start", "mask", "mask"]
    call.reply("mask")
    assert call.masks() == [True]


def test_what_is_no_longer_recorded_after_a_reconnect_goes_on_in_another_file() -> None:
    call = Call(ALWAYS)
    call.started()
    call.bench.give(LinkDown("cut"))
    call.bench.give(LinkUp("core-1"))
    dump(call.bench, call.leg, call.standing)
    call.reply("unmask", "-ERR Cannot unmask recording session!")
    first, second = call.bench.records(RecordingStarted)
    assert call.stops() == [("lost", None)]
    assert first.path != second.path
    assert call.asked() == ["start", "unmask", "start"]


@pytest.mark.parametrize("masked", [False, True])
def test_a_dialer_that_comes_back_in_the_call_knows_the_recording(masked: bool) -> None:
    bench = restarted(OpenRecording(recording_id="r-old", path="/rec/old.wav", masked=masked))
    assert not bench.records(RecordingStarted)
    assert bench.commands("uuid_record") == [f"leg-old {'mask' if masked else 'unmask'} /rec/old.wav"]
    bench.reply(bench.tokens("record")[-1])
    assert not bench.records(RecordingMarked), "nothing has changed"
    state = "masked" if masked else "recording"
    assert bench.engine.status()["campaigns"]["c1"]["recordings"] == {state: 1}
    bench.event("RECORD_STOP", "leg-old", Record_File_Path="/rec/old.wav", variable_record_ms=9_000)
    (stopped,) = bench.records(RecordingStopped)
    assert (stopped.recording_id, stopped.seconds) == ("r-old", 9.0)


def test_a_dialer_that_died_before_the_start_was_sent_starts_anew() -> None:
    bench = restarted(OpenRecording(recording_id="r-old", path="/rec/old.wav"))
    bench.reply(bench.tokens("record")[-1], "-ERR Cannot unmask recording session!")
    (started,) = bench.records(RecordingStarted)
    assert started.path != "/rec/old.wav"
    assert [one.cause for one in bench.records(RecordingStopped)] == ["lost"]


def test_what_was_stopped_stays_stopped_after_a_restart() -> None:
    bench = restarted(OpenRecording(recording_id="r-old", path="/rec/old.wav", stopped=True))
    assert not bench.commands("uuid_record")


def test_a_call_that_was_bridged_unheard_is_recorded_when_it_is_found() -> None:
    bench = restarted(None)
    assert [args.split()[1] for args in bench.commands("uuid_record")] == ["start"]


def test_an_agent_can_only_record_the_own_call() -> None:
    call = Call(ON_DEMAND)
    call.bench.command(CommandKind.RECORDING_START, agent_id="a1", payload={"attempt_id": "another"})
    call.bench.command(CommandKind.RECORDING_PAUSE, agent_id="a1", payload={"attempt_id": call.attempt_id})
    assert call.answers() == done("the agent is not in that call", "this call is not being recorded")
    assert not call.asked()


def test_calls_that_must_be_recorded_wait_for_room_on_the_disk() -> None:
    bench = Bench(DialerSnapshot(campaigns=(settings(ALWAYS),)))
    bench.log_in()
    bench.give(RecordingsTold(RecordingOrders(room=False)))
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] == "recording_disk"
    bench.give(RecordingsTold(RecordingOrders(room=True)))
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] != "recording_disk"
    bench.give(RecordingsTold(RecordingOrders(plans={"c1": ON_DEMAND}, room=False)))
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] != "recording_disk"


def dump(bench: Bench, leg: str, peer: str) -> None:
    """The switch says that they are bridged."""
    answered = bench.us() - 5_000_000
    for one, other in ((peer, leg), (leg, peer)):
        bench.reply(
            f"dump:{one}",
            f'{{"Caller-Channel-Answered-Time": "{answered}", "Caller-Channel-Bridged-Time": "{answered}",'
            f' "variable_bridge_to": "{other}", "Channel-State": "CS_EXCHANGE_MEDIA"}}',
        )


def restarted(recording: OpenRecording | None) -> Bench:
    """A dialer that starts while agent a1 talks in the attempt t-old, and finds both legs bridged."""
    talking = KnownAgent(
        agent_id="a1",
        name="a1",
        extension="1001",
        campaign_id="c1",
        state=AgentState.TALKING,
        since=WALL,
        leg_id="leg-agent",
        attempt_id="t-old",
    )
    attempt = open_attempt(
        state=AttemptState.CONNECTED, answered_at=WALL, bridged_at=WALL, agent_id="a1", recording=recording
    )
    bench = Bench(DialerSnapshot(campaigns=(settings(ALWAYS),), agents=(talking,), attempts=(attempt,)))
    dump(bench, "leg-old", "leg-agent")
    return bench
