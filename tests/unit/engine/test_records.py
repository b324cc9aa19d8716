"""Records survive their way through the journal."""

from __future__ import annotations

import json

import pytest

from models.enums import AgentState, CampaignState, CommandStatus, Outcome
from models.records import (
    AgentLegEnded,
    AgentLegOpened,
    AgentStateChanged,
    AttemptAnswered,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    CampaignChanged,
    CommandFinished,
    EventRecorded,
    NoteAdded,
    Record,
    from_json,
    to_json,
)

RECORDS: list[Record] = [
    AttemptDialed(attempt_id="a", leg_id="l", switch_id="s", at=1.5),
    AttemptAnswered(attempt_id="a", at=2.0),
    AttemptBridged(attempt_id="a", agent_id="g", at=2.5),
    AttemptClosed(attempt_id="a", outcome=Outcome.ABANDONED, at=3.0, answered_at=1.0, abandoned=True),
    AgentLegOpened(leg_id="l", agent_id="g", switch_id="s", at=1.0),
    AgentLegEnded(leg_id="l", cause="NORMAL_CLEARING", at=1.0),
    AgentStateChanged(id="i", agent_id="g", state=AgentState.WRAP_UP, at=1.0, reason="x"),
    CampaignChanged(campaign_id="c", state=CampaignState.PAUSED, target=0.03, at=1.0),
    CommandFinished(command_id="k", status=CommandStatus.DONE, at=1.0),
    NoteAdded(id="i", attempt_id="a", agent_id="g", disposition="sale", at=1.0, text="é\n"),
    EventRecorded(id="i", topic="t", at=1.0, payload={"a": [1]}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.kind)
def test_there_and_back(record: Record) -> None:
    back = from_json(json.loads(json.dumps(to_json(record))))
    assert back == record
    assert {type(getattr(back, name)) for name in record.__slots__} == {
        type(getattr(record, name)) for name in record.__slots__
    }


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "nothing"},
        {},
        {"kind": "attempt_answered", "attempt_id": "a"},
        {"kind": "note_added", "x": 1},
    ],
)
def test_what_is_of_another_version_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="record"):
        from_json(data)
