"""What the switch of the recordings could play: seconds of its sounds, and files that were not there.

d32 and f07 were heard; the tone of f02 is not valid, and ends at once.
"""

from __future__ import annotations

from typing import Final

SOUNDS: Final = {
    "tone_stream://%(500,0,440": 1.44,
    "tone_stream://%(300;0;400)": 0.0,
    "/var/lib/freeswitch/sounds/prompt.wav": 1.0,
    "/var/lib/freeswitch/sounds/safe.wav": 2.0,
    "tone_stream://%(200,0,400)": 0.2,
    "silence_stream://250": 0.26,
}
MISSING: Final = frozenset({"/var/lib/freeswitch/sounds/nosuch.wav"})
