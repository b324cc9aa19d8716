"""WAV files for tests."""

from __future__ import annotations

import io
import wave


def wav(*, channels: int = 1, width: int = 2, rate: int = 8000, frames: int = 800) -> bytes:
    """Silence of so many frames."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(bytes(channels * width * frames))
    return written.getvalue()
