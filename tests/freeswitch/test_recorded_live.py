"""A recording on a real switch: each side is heard on a channel of its own, and a masked span is silent.

The far ends are the switch's own: two loopback legs, each with a tone that only it makes.
"""

from __future__ import annotations

import math
import os
import struct
import time
import uuid
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from esl import commands
from esl.commands import Api
from tests.freeswitch.switch import TestSwitch

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(60)]

PERSON, AGENT = 425, 1025  # Hz; neither is a harmonic of the other


def say(test_switch: TestSwitch, command: Api) -> str:
    answer = test_switch.ask(f"{command.name} {command.args}")
    assert not answer.startswith("-"), answer
    return answer


def leg(test_switch: TestSwitch, tone: int) -> str:
    """A parked leg whose far end makes a tone."""
    made = str(uuid.uuid4())
    sound = f"tone_stream://%(60000\\,0\\,{tone})"
    answer = test_switch.ask(
        f"originate {{origination_uuid={made},loopback_bowout=false,loopback_bowout_on_execute=false}}"
        f"loopback/app=playback:{sound} &park()"
    )
    assert answer.startswith("+OK"), answer
    return made


def level(samples: list[float], rate: int, tone: int) -> float:
    """How much of a tone is in there: 0 to about 1 (Goertzel)."""
    real = sum(s * math.cos(2 * math.pi * tone * n / rate) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * tone * n / rate) for n, s in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples) / 32768


def channels(path: Path) -> tuple[int, list[list[float]]]:
    with wave.open(str(path), "rb") as sound:
        assert sound.getnchannels() == 2
        values = struct.unpack(f"<{2 * sound.getnframes()}h", sound.readframes(sound.getnframes()))
        return sound.getframerate(), [list(map(float, values[side::2])) for side in (0, 1)]


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_both_sides_are_recorded_and_a_mask_is_silent(test_switch: TestSwitch, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    person, agent = leg(test_switch, PERSON), leg(test_switch, AGENT)
    path = tmp_path / f"{person}.wav"
    try:
        say(test_switch, commands.uuid_bridge(person, agent))
        time.sleep(0.5)
        variables = {"RECORD_STEREO": "true", "RECORD_MIN_SEC": "0"}
        say(test_switch, commands.uuid_setvar_multi(person, variables))
        say(test_switch, commands.uuid_record(person, str(path)))
        wait_until(path.exists)
        time.sleep(1.2)
        say(test_switch, commands.uuid_record(person, str(path), "mask"))
        say(test_switch, commands.uuid_record(person, str(path), "mask"))  # twice changes nothing
        time.sleep(1.2)
        say(test_switch, commands.uuid_record(person, str(path), "unmask"))
        time.sleep(1.2)
        say(test_switch, commands.uuid_record(person, str(path), "stop"))
        again = commands.uuid_record(person, str(path), "unmask")
        assert test_switch.ask(f"{again.name} {again.args}").startswith("-ERR"), "a probe finds it gone"
    finally:
        for one in (person, agent):
            test_switch.ask(f"uuid_kill {one}")
        wait_until(lambda: test_switch.channels() == 0)
    if not os.access(path, os.R_OK):
        pytest.skip("the switch's file can't be read here: it runs as somebody else, or elsewhere")
    rate, (first, second) = channels(path)
    assert 3.0 < len(first) / rate < 6.0
    blocks = [slice(at, at + rate // 10) for at in range(0, len(first) - rate // 10, rate // 10)]
    heard = [(level(first[b], rate, PERSON), level(second[b], rate, AGENT)) for b in blocks]
    crossed = [(level(first[b], rate, AGENT), level(second[b], rate, PERSON)) for b in blocks]
    for quiet in (heard[3], heard[-3]):
        assert min(quiet) > 0.05, f"one side is not heard: {heard}"
    assert max(max(pair) for pair in crossed) < 0.02, "each side is on its own channel"
    masked = [at for at, pair in enumerate(heard) if max(pair) < 0.001]
    assert 9 <= len(masked) <= 14, f"the mask lasted 1.2 s: {heard}"
    assert masked == list(range(masked[0], masked[-1] + 1))
    silent = [value for at in masked[1:-1] for side in (first, second) for value in side[blocks[at]]]
    assert max(map(abs, silent)) == 0.0, "not a trace of what was said"
