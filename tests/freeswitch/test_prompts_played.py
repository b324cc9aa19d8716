"""A prompt that was put into a real switch's sounds under its hash is played, at either rate."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api import pull
from api.pull import Door
from callflow.doctor import legs
from callflow.doctor.findings import Verdict
from models.prompts import message, read_sound
from tests.freeswitch.switch import TestSwitch
from tests.unit.models.sounds import wav

pytestmark = pytest.mark.freeswitch


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_pulled_prompt_is_played(
    test_switch: TestSwitch, monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    sounds = Path(test_switch.ask("eval ${sounds_dir}"))
    if not os.access(sounds, os.W_OK):
        pytest.skip(
            "the switch's sounds can't be written here: start it with -sounds and a directory of yours"
        )
    sound = read_sound(wav(rate=rate, frames=rate))
    told = {"/v1/switch/prompts": f'{{"items": ["{sound.sha256}"]}}'.encode()}
    monkeypatch.setattr(Door, "get", lambda self, path, most: told.get(path, sound.content))
    pull.pull(Door("http://127.0.0.1:1", ""), sounds)
    try:
        assert legs.message(test_switch.ask, message(sound.sha256)).verdict is Verdict.OK
    finally:
        (sounds / message(sound.sha256)).unlink()
    assert legs.message(test_switch.ask, message(sound.sha256)).verdict is Verdict.FAILED
