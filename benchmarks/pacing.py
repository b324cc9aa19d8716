"""Occupancy and abandon rate by team size and answer probability, predictive beside progressive.

Usage: python benchmarks/pacing.py [--answers 5000] [--seed 1]. The base scenario of the design, from cold,
with nothing told in advance. "limit" is the near-optimal policy that knows all distributions, where known.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Literal

from pacing_core import SimulationResult, simulate_base

LIMIT = {
    (5, 0.3): 0.781,
    (10, 0.1): 0.805,
    (10, 0.3): 0.833,
    (10, 0.6): 0.879,
    (20, 0.3): 0.884,
    (50, 0.1): 0.930,
    (50, 0.3): 0.936,
    (50, 0.6): 0.946,
    (100, 0.3): 0.963,
    (300, 0.3): 0.987,
}
HANDLE_SECONDS = 135.0


def run(
    agents: int, p: float, policy: Literal["predictive", "progressive"], answers: int, seed: int
) -> SimulationResult:
    """One run long enough for about so many answers at an occupancy of 0.9."""
    return simulate_base(agents, p, answers * HANDLE_SECONDS / agents / 0.9, seed, policy=policy)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cases = list(product((5, 10, 20, 50, 100, 300), (0.1, 0.3, 0.6)))
    started = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        predictive = pool.map(lambda c: run(c[0], c[1], "predictive", options.answers, options.seed), cases)
        progressive = pool.map(lambda c: run(c[0], c[1], "progressive", options.answers, options.seed), cases)
        sys.stdout.write("    N    p | predictive  abandon | progressive | limit at 3 %\n")
        for (agents, p), ahead, one_each in zip(cases, predictive, progressive, strict=True):
            limit = LIMIT.get((agents, p))
            sys.stdout.write(
                f"{agents:5d} {p:4.1f} |     {ahead.occupancy:.3f}   {ahead.abandon_rate:.4f} |"
                f"       {one_each.occupancy:.3f} | {'' if limit is None else format(limit, '.3f')}\n"
            )
    sys.stdout.write(f"{time.perf_counter() - started:.1f} s in all\n")


if __name__ == "__main__":
    main()
