"""How much memory processes hold, and whether it grows."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

_PAGE = os.sysconf("SC_PAGE_SIZE")
ALLOWED = 0.05


# glibc keeps what was freed, and takes its thresholds from the largest block that ever was: a link that
# stalled once leaves megabytes behind. So that resident bytes say what is held: these for a child,
# `malloc_trim` here.
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def rss_bytes(pid: int | None = None) -> int:
    """Resident bytes of a process; of this one by default, which gives back what it holds no more."""
    if pid is None and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
    return int(Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1]) * _PAGE


@dataclass(slots=True)
class Curve:
    """Samples of one process, in order of time. The first fifth is its warm-up."""

    samples: list[int] = field(default_factory=list)

    def growth(self) -> float:
        """The last fifth against the second one, as a share: 0.05 is 5 % more."""
        fifth = max(1, len(self.samples) // 5)
        early, late = self.samples[fifth : 2 * fifth], self.samples[-fifth:]
        return mean(late) / mean(early) - 1.0 if early else 0.0

    def text(self) -> str:
        """For people."""
        fifth = max(1, len(self.samples) // 5)
        early, late = self.samples[fifth : 2 * fifth], self.samples[-fifth:]
        if not early:
            return "too short to say"
        before, after = mean(early) / 1e6, mean(late) / 1e6
        return f"{before:.1f} MB after the warm-up, {after:.1f} MB at the end ({self.growth():+.1%})"
