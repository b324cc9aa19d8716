"""`python -m tests.soak`: 100 calls a second with faults for a long time; exit code 1 if anything was wrong.

`--virtual-minutes 30` in virtual time, `--minutes 10` over TCP; both by default (`make soak`).
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402

from tests.soak.memory import ALLOWED, Curve  # noqa: E402
from tests.soak.real import RealSoak  # noqa: E402
from tests.soak.virtual import VirtualSoak  # noqa: E402


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def judge(name: str, counts: Counter[str], wrong: list[str], memories: dict[str, Curve], took: float) -> bool:
    """Print one soak; whether it was right."""
    say(f"{name}, {took:.0f} s of this machine's time")
    say("  " + ", ".join(f"{key} {number}" for key, number in sorted(counts.items())))
    for whose, curve in memories.items():
        say(f"  memory of the {whose}: {curve.text()}")
        if curve.growth() > ALLOWED:
            wrong = [*wrong, f"the {whose} grew by {curve.growth():.1%}"]
    for line in wrong[:20]:
        say(f"  WRONG {line}")
    say(f"  {len(wrong)} wrong")
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--virtual-minutes", type=float, default=30.0)
    parser.add_argument("--minutes", type=float, default=10.0, help="over TCP, in real time")
    parser.add_argument("--rate", type=float, default=100.0, help="calls per second")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    right = True
    if asked.minutes:
        real, began = RealSoak(60 * asked.minutes, asked.rate, asked.seed), time.monotonic()
        wrong = real.run()
        memories = {"client": real.client_memory, "softswitch": real.switch_memory}
        name = f"{asked.minutes:g} minutes over TCP at {asked.rate:g} calls a second"
        right &= judge(name, real.work.counts, wrong, memories, time.monotonic() - began)
    if asked.virtual_minutes:
        virtual, began = VirtualSoak(60 * asked.virtual_minutes, asked.rate, asked.seed), time.monotonic()
        wrong = virtual.run()
        name = (
            f"{asked.virtual_minutes:g} virtual minutes at {asked.rate:g} calls a second, seed {asked.seed}"
        )
        memories = {"client and softswitch": virtual.memory}
        right &= judge(name, virtual.work.counts, wrong, memories, time.monotonic() - began)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
