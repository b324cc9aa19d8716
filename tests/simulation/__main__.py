"""Play one seed again: `python -m tests.simulation --seed 7 [--trace] [--base P]`."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation import scenario as scenarios
from tests.simulation.scenario import base
from tests.simulation.world import World


def main() -> int:
    """Print what happened; 1 if an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument(
        "--base", type=float, metavar="P", help="the base scenario with this answer probability"
    )
    parser.add_argument(
        "--kind",
        choices=("chaos", "storm", "late", "kills", "freeze", "carriers", "recorded"),
        default="chaos",
    )
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--trace", action="store_true", help="print the history")
    parser.add_argument("--last", type=int, default=100_000, help="so many lines of it")
    asked = parser.parse_args()
    if asked.base is not None:
        scenario = base(asked.seed, agents=asked.agents, answer_probability=asked.base, seconds=asked.seconds)
    else:
        scenario = getattr(scenarios, asked.kind)(asked.seed)
    began = time.perf_counter()
    world = World(scenario, trace=asked.last if asked.trace else 0)
    try:
        result = world.run()
    finally:
        for line in world.trace:
            print(line)  # noqa: T201
    for text in (
        str(scenario),
        result.figures.line(),
        f"outcomes { {str(k): v for k, v in sorted(result.figures.outcomes.items())} }",
        f"counters {dict(result.counters)}",
        f"illegal {dict(result.illegal)}",
        f"{result.virtual_seconds:.0f} virtual s, {result.steps} steps, {time.perf_counter() - began:.1f} s",
        *(f"VIOLATION {violation}" for violation in result.violations),
    ):
        print(text)  # noqa: T201
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
