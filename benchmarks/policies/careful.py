"""A policy of one's own: one dial per idle agent, as few as the waiting and the calls under way leave.

$ ringmaster bench pacing --policy benchmarks/policies/careful.py:Careful --agents 20 --answers 2000
"""


class Careful:
    name = "careful"
    version = "1"

    def reset(self, scenario, seed): ...

    def on_event(self, event): ...

    def decide(self, s):
        return max(0, s.idle - s.waiting - s.in_flight - s.pending)
