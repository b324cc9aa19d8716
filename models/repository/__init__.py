"""Every query. Functions take a Session or Connection first and never commit: the caller owns the
transaction."""

from models.repository import (
    agents,
    campaigns,
    clock,
    commands,
    hopper,
    lease,
    live,
    measures,
    records,
    recovery,
    reporting,
    setup,
)
from models.repository.hopper import ClaimResult, claim
from models.repository.lease import Lease
from models.repository.recovery import snapshot
from models.repository.reporting import Report, report

__all__ = [
    "ClaimResult",
    "Lease",
    "Report",
    "agents",
    "campaigns",
    "claim",
    "clock",
    "commands",
    "hopper",
    "lease",
    "live",
    "measures",
    "records",
    "recovery",
    "report",
    "reporting",
    "setup",
    "snapshot",
]
