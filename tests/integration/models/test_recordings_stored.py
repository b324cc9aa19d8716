"""Recordings in PostgreSQL: facts applied, what a dialer reads at its start, plans, disks, retention."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import Connection, text

from models.enums import RecordingConsent, RecordingDeed, RecordingMode
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.recordings import RecordingPlan
from models.records import ClaimedAttempt, OpenRecording, RecordingMarked, RecordingStarted, RecordingStopped
from models.repository import campaigns, recordings, recovery
from tests.integration.models.world import NOON, World

SHA256 = hashlib.sha256(b"sound").hexdigest()
PLAN = RecordingPlan(mode=RecordingMode.ALWAYS, consent=RecordingConsent.NONE, days=30)


def recorded(world: World) -> tuple[ClaimedAttempt, RecordingStarted]:
    """An open attempt that is being recorded."""
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    recording_id = new_id()
    started = RecordingStarted(
        recording_id=recording_id,
        attempt_id=attempt.attempt_id,
        leg_id=attempt.attempt_id,
        path=f"/rec/{attempt.attempt_id}.{recording_id}.wav",
        consent=RecordingConsent.NONE,
        at=NOON,
    )
    world.apply(started)
    return attempt, started


def known(world: World) -> OpenRecording | None:
    with world.engine.begin() as db:
        (attempt,) = recovery.snapshot(db, world.switch, NOON).attempts
    return attempt.recording


def store(db: Connection, recording_id: str) -> recordings.Recording | None:
    return recordings.store(
        db, recording_id, sha256=SHA256, size=5, object_key=f"k/{recording_id}", seconds=7.0, who="switch"
    )


def stored(world: World, recording_id: str) -> recordings.Recording:
    with world.engine.begin() as db:
        made = store(db, recording_id)
    assert made is not None
    return made


def test_facts_are_applied_once_and_a_dialer_that_starts_knows_them(world: World) -> None:
    _, started = recorded(world)
    assert known(world) == OpenRecording(recording_id=started.recording_id, path=started.path)
    mark = RecordingMarked(id=new_id(), recording_id=started.recording_id, masked=True, at=NOON + 3)
    for _ in range(2):
        world.apply(started, mark)
    found = known(world)
    assert found is not None
    assert found.masked
    world.apply(RecordingMarked(id=new_id(), recording_id=started.recording_id, masked=False, at=NOON + 5))
    found = known(world)
    assert found is not None
    assert not found.masked
    for cause in ("success", "late word"):
        world.apply(
            RecordingStopped(recording_id=started.recording_id, at=NOON + 9, cause=cause, seconds=9.0)
        )
    found = known(world)
    assert found is not None
    assert found.stopped
    with world.engine.begin() as db:
        row = recordings.one(db, started.recording_id)
        deeds = recordings.history(db, started.recording_id)
    assert (row.cause, row.seconds) == ("success", 9.0)
    assert [one.deed.value for one in deeds] == ["started", "masked", "unmasked", "stopped"]


def test_a_fact_of_a_call_that_is_not_known_is_ignored(world: World) -> None:
    nobody = RecordingStopped(recording_id=new_id(), at=NOON, cause="x")
    assert world.apply(nobody).ignored == ((nobody.kind, nobody.recording_id),)


def test_a_campaign_s_plan_is_kept_and_its_rules_hold(world: World) -> None:
    with world.engine.begin() as db:
        assert campaigns.get(db, world.campaign).recording.mode is RecordingMode.OFF
        campaigns.record(db, world.campaign, PLAN)
        assert recordings.orders(db, world.switch).plans == {world.campaign: PLAN}
        db.execute(text('UPDATE campaign SET rules = rules || \'{"recording": "announced"}\''))
        with pytest.raises(InvalidValue, match="announced"):
            campaigns.record(db, world.campaign, PLAN)
        assert recordings.orders(db, world.switch).plans[world.campaign].mode is RecordingMode.OFF
        with pytest.raises(NotFound):
            campaigns.record(db, new_id(), PLAN)


def test_a_disk_that_is_full_or_silent_has_no_room(world: World) -> None:
    with world.engine.begin() as db:
        assert recordings.room(db, world.switch) is None
        for free, expected in ((10, True), (9, False), (11, True)):
            recordings.tell_disk(db, world.switch, free_bytes=free, least_bytes=10, aside=0)
            assert recordings.room(db, world.switch) is expected
        db.execute(text("UPDATE recording_disk SET at = now() - interval '1 hour'"))
        assert recordings.room(db, world.switch) is False


def test_a_file_is_stored_once_when_its_recording_is_over(world: World) -> None:
    _, started = recorded(world)
    with world.engine.begin() as db:
        campaigns.record(db, world.campaign, PLAN)
        assert store(db, started.recording_id) is None, "it goes on"
    world.apply(RecordingStopped(recording_id=started.recording_id, at=NOON + 9, cause="call ended"))
    made = stored(world, started.recording_id)
    assert made.stopped_at is not None
    assert made.expires_at is not None
    assert (made.expires_at - made.stopped_at).days == 30
    assert made.seconds == 7.0, "the switch's word was not heard"
    with world.engine.begin() as db:
        assert store(db, started.recording_id) is None


def test_retention_deletes_what_nobody_holds(world: World) -> None:
    _, started = recorded(world)
    world.apply(RecordingStopped(recording_id=started.recording_id, at=NOON, cause="x"))
    stored(world, started.recording_id)
    with world.engine.begin() as db:
        assert recordings.expired(db, 10) == ()
        db.execute(text("UPDATE recording SET expires_at = now() - interval '1 second'"))
        recordings.hold(db, started.recording_id, True, who="ada", why="a claim")
        recordings.hold(db, started.recording_id, True, who="ada", why="again")
        assert recordings.expired(db, 10) == ()
        recordings.hold(db, started.recording_id, False, who="ada", why="settled")
        (due,) = recordings.expired(db, 10)
        recordings.delete(db, [due], who="worker", why="its time is over")
        assert recordings.expired(db, 10) == ()
        deeds = [one.deed for one in recordings.history(db, started.recording_id)]
        with pytest.raises(NotFound):
            recordings.hold(db, started.recording_id, True, who="ada", why="too late")
    assert deeds[-3:] == [RecordingDeed.HELD, RecordingDeed.RELEASED, RecordingDeed.DELETED]
