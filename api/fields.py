"""Types of what requests hold, as strict as the OpenAPI document says."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator, Strict

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _rfc3339(value: Any) -> Any:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return value
    raise ValueError("a time is written as 2026-01-31T09:30:00Z")


# pydantic alone would take 1 or "1" for a second of 1970, and a day for its midnight.
Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
StrictBool = Annotated[bool, Strict()]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many items.")]
Cursor = Annotated[UUID | None, Query(description="`next_cursor` of the page before.")]
