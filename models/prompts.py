"""Messages as sound: what a WAV file has to be, and the name under which every switch has it.

A prompt is named by the SHA-256 of its bytes. A campaign that names it can't come to say something else, and
a switch that has the file need not ask whether it is the newest.
"""

from __future__ import annotations

import hashlib
import io
import re
import wave
from dataclasses import dataclass
from typing import Final

from models.errors import InvalidValue

MAX_BYTES: Final = 1 << 20
"""A minute at 8 kHz."""
RATES: Final = (8000, 16000)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sound:
    """A prompt's bytes, written anew so that nothing but the sound is in them."""

    content: bytes
    seconds: float

    @property
    def sha256(self) -> str:
        """The prompt's name."""
        return hashlib.sha256(self.content).hexdigest()


def is_sha256(text: str) -> bool:
    """Whether it has the form of a prompt's name."""
    return _SHA256.fullmatch(text) is not None


def message(sha256: str) -> str:
    """What a campaign's `message` is, so that the switch plays this prompt: a path in its sounds."""
    return f"prompts/{sha256}.wav"


def read_sound(content: bytes) -> Sound:
    """Read a WAV file: one channel of 16 bits, uncompressed, 8 or 16 kHz.

    Raises:
        InvalidValue: `prompt`.
    """
    if len(content) > MAX_BYTES:
        raise InvalidValue("prompt", f"a prompt has at most {MAX_BYTES >> 10} KiB")
    try:
        with wave.open(io.BytesIO(content)) as sound:
            form = (sound.getnchannels(), sound.getsampwidth(), sound.getcomptype())
            rate, frames = sound.getframerate(), sound.readframes(MAX_BYTES)
    except (wave.Error, EOFError, ValueError, OverflowError, RuntimeError) as error:
        raise InvalidValue("prompt", "that is no WAV file") from error
    if form != (1, 2, "NONE") or rate not in RATES:
        raise InvalidValue("prompt", "a prompt is mono, 16 bits, uncompressed, at 8000 or 16000 Hz")
    frames = frames[: len(frames) // 2 * 2]
    if not frames:
        raise InvalidValue("prompt", "there is no sound in that file")
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(frames)
    return Sound(written.getvalue(), len(frames) / 2 / rate)
