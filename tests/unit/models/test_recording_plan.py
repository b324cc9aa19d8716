"""A campaign's plan of recording: valid or not at all, and never laxer than the rules."""

from __future__ import annotations

from typing import Any

import pytest

from models.enums import RecordingConsent, RecordingMode
from models.errors import InvalidValue
from models.recordings import RecordingPlan
from models.rules import RuleSet, preset, preset_names

FULL = RecordingPlan(
    mode=RecordingMode.SHARE, share=0.2, consent=RecordingConsent.ASKED, announcement="a/b.wav", days=30
)


def test_a_plan_survives_json_and_missing_fields_take_their_defaults() -> None:
    assert RecordingPlan.from_json(FULL.to_json()) == FULL
    assert RecordingPlan.from_json({}) == RecordingPlan()
    assert not RecordingPlan().records


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "always"},
        {"mode": "always", "consent": "announced", "announcement": ""},
        {"mode": "sometimes"},
        {"consent": "assumed"},
        {"share": -0.1},
        {"share": float("nan")},
        {"share": 1.5},
        {"days": -1},
        {"days": 40_000},
        {"announcement": "/etc/passwd"},
        {"announcement": "../a.wav"},
        {"announcement": "a'b.wav"},
        {"announcement": "${x}.wav"},
        {"announcement": "x" * 201},
        {"unknown": 1},
    ],
)
def test_a_plan_that_can_t_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        RecordingPlan.from_json(given)


def test_rules_ask_for_consent_and_a_plan_can_t_undercut_them() -> None:
    lax = RecordingPlan(mode=RecordingMode.ALWAYS, consent=RecordingConsent.NONE)
    with pytest.raises(InvalidValue, match="announced"):
        lax.check_under(RecordingConsent.ANNOUNCED)
    lax.check_under(RecordingConsent.NONE)
    FULL.check_under(RecordingConsent.ANNOUNCED)
    RecordingPlan(consent=RecordingConsent.NONE).check_under(RecordingConsent.ASKED)  # records nothing
    assert lax.under(RecordingConsent.ANNOUNCED).mode is RecordingMode.OFF, "there is nothing to announce"
    assert lax.under(RecordingConsent.ASKED).consent is RecordingConsent.ASKED
    assert lax.under(RecordingConsent.NONE) == lax


def test_every_preset_but_the_demo_s_asks_for_an_announcement() -> None:
    asked = {name: preset(name).recording for name in preset_names()}
    assert asked.pop("demo") is RecordingConsent.NONE
    assert set(asked.values()) == {RecordingConsent.ANNOUNCED}
    assert RuleSet.from_json(preset("uk").to_json()) == preset("uk")
    assert RuleSet.from_json({}).recording is RecordingConsent.ANNOUNCED
