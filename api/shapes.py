"""Shapes that several routes share: times, strict numbers, ids, a command."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.fields import Instant
from models.enums import CommandKind, CommandStatus
from models.repository.commands import Asked

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within_reach(moment: datetime) -> datetime:
    # Nothing happened before or will after; PostgreSQL and Python do not reach equally far.
    return min(max(moment, EARLIEST), LATEST)


# How answers tell a time: ISO 8601 in UTC. The database's session may be in any time zone.
Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
# How a request gives one: with an offset; what lies out of reach becomes the nearest within.
GivenMoment = Annotated[Instant, AfterValidator(_within_reach)]

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True)]


class Body(BaseModel):
    """What a request brings: nothing that the route does not know."""

    model_config = ConfigDict(extra="forbid")


class Command(BaseModel):
    """What was asked of the dialer, and what it did. `finished_at` is the dialer's time."""

    id: str
    kind: CommandKind
    status: CommandStatus
    detail: str
    created_at: Moment
    finished_at: Moment | None

    @classmethod
    def of(cls, asked: Asked) -> Command:
        """As the command table has it."""
        return cls(**{name: value for name, value in asdict(asked).items() if name in cls.model_fields})
