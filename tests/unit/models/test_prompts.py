"""A prompt is read, or refused with a sentence; its name is its sound's, whatever else the file holds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidValue
from models.prompts import MAX_BYTES, is_sha256, message, read_sound
from tests.unit.models.sounds import wav


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_message_is_read(rate: int) -> None:
    sound = read_sound(wav(rate=rate))
    assert sound.seconds == 800 / rate
    assert is_sha256(sound.sha256)
    assert message(sound.sha256) == f"prompts/{sound.sha256}.wav"
    assert read_sound(sound.content) == sound


def test_what_is_not_sound_is_left_out() -> None:
    plain = wav()
    size = int.from_bytes(plain[4:8], "little")
    more = b"LIST" + (12).to_bytes(4, "little") + b"INFO<script>"
    dressed = plain[:4] + (size + len(more)).to_bytes(4, "little") + plain[8:] + more
    assert b"<script>" in dressed
    sound = read_sound(dressed)
    assert sound == read_sound(plain)
    assert b"<script>" not in sound.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"ID3\x03not a wav file at all",
        wav(channels=2),
        wav(width=1),
        wav(rate=44100),
        wav(frames=0),
        wav(frames=MAX_BYTES // 2 + 1),
        wav()[:44],
    ],
    ids=["nothing", "its head", "mp3", "stereo", "8 bits", "44.1 kHz", "empty", "too large", "cut off"],
)
def test_what_is_no_prompt_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_sound(content)
    assert refused.value.code == "prompt"


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    content = wav()[:at] + noise
    with suppress(InvalidValue):
        assert read_sound(content).seconds > 0
