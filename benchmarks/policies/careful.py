"""A policy of one's own: one dial per idle agent, less the people waiting and the calls under way.

$ ringmaster bench pacing --policy benchmarks/policies/careful.py:Careful --agents 20 --answers 2000
"""

from pacing_core import Event, Scenario, Snapshot


class Careful:
    name = "careful"
    version = "1"

    def reset(self, scenario: Scenario, seed: int) -> None: ...

    def on_event(self, event: Event) -> None: ...

    def decide(self, s: Snapshot) -> int:
        return max(0, s.idle - s.waiting - s.in_flight - s.pending)
