"""Another tenant's ids are not there: with both walls, with row-level security alone, and with the check of
the queries alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from api import secrets
from models.enums import ApiScope
from models.repository import keys
from tests.integration.api.office import Tenant

WALLS = pytest.mark.parametrize(
    "wall",
    [
        pytest.param({}, id="both"),
        pytest.param({"tell_tenant": False}, id="row_security_alone"),
        pytest.param({"row_security": False}, id="queries_alone"),
    ],
)
Wall = dict[str, bool]
NOBODY = "00000000-0000-7000-8000-000000000000"


def bearer(engine: Engine, tenant: Tenant, *scopes: ApiScope) -> dict[str, str]:
    """The header of a program of the tenant, with a key of these scopes."""
    made = secrets.new_key()
    with engine.begin() as db:
        keys.create(
            db,
            tenant_id=tenant.id,
            name="program",
            prefix=made.prefix,
            key_hash=made.key_hash,
            scopes=scopes,
        )
    return {"Authorization": f"Bearer {made.key}"}
