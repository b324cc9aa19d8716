"""The pure engine: `Engine.handle(input, now) -> list[Effect]`. No socket, clock, database or gevent in here.

Rooms: `tables` what may follow what · `board` everything held in memory · `core` which input goes where ·
`agents` logins, pauses, standing legs · `dialing` pacing, claims, originates · `clients` the budget of
several campaigns together · `carriers` gateways and who gets which · `second` an attempt's second carrier ·
`leads` answer probabilities · `legs` switch events of a leg · `matching` who
gets whom · `closing` how an attempt ends · `recovery` start, reconnect, doubt · `operator` commands.
"""

from callflow.engine.config import EngineConfig
from callflow.engine.core import Engine

__all__ = ["Engine", "EngineConfig"]
