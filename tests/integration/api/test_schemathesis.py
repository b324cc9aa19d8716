"""Every operation with valid, odd and wrong data, under all checks of Schemathesis.

No answer that the document does not announce, nothing wrong accepted, nothing right refused, no 500. As a
program with every scope, with ids that name nothing; and as an administrator's browser, with ids that name
something. What follows from earlier answers (the stateful phase) is left out: it would end its own session
and revoke its own key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from api import secrets
from api.openapi import document
from api.principal import CSRF_HEADER
from models.enums import ApiScope
from models.repository import identity, keys, lease
from models.session import sync_engine
from tests.integration.api.canaries import Planted, plant
from tests.integration.api.expectations import TABLES
from tests.integration.api.fuzzing import faults, served
from tests.integration.api.office import make_state, make_tenant

# Hypothesis finds some of the generated cases long to print, which is not for us to change.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
    pytest.mark.timeout(900),
]

SEED = 20260105
QUICK: dict[str, Any] = {
    "generation": {"max-examples": 3},
    "phases": {"coverage": {"enabled": False}, "stateful": {"enabled": False}},
}
THOROUGH: dict[str, Any] = {
    "generation": {"max-examples": 12},
    "phases": {"coverage": {"enabled": True}, "stateful": {"enabled": False}},
}
# Their rules say more than a schema can: a target within the cap, a password that is hard to guess, an expiry
# that is ahead, a file that is a list, a region and time zone that exist, targets that can be met, a sound, a
# carrier's address, what is told before a recording, a file with its checksum.
BEYOND_THE_SCHEMA = {
    "include-operation-id": [
        "create_campaign",
        "create_user",
        "change_user",
        "change_password",
        "create_api_key",
        "create_import",
        "preview_import",
        "plan_staffing",
        "create_prompt",
        "put_gateway",
        "set_campaign_recording",
        "store_recording",
    ],
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429", "503"]
        }
    },
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = sync_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ours(engine: Engine) -> Planted:
    planted = plant(engine, make_tenant(engine, "quokka"), "+12125550177", 1)
    with engine.begin() as db:
        assert lease.acquire(db, planted.tenant.switch_id, "dialer of the test", 3600.0)
    return planted


def program(engine: Engine, ours: Planted) -> dict[str, Any]:
    """A key that may everything."""
    new = secrets.new_key()
    with engine.begin() as db:
        keys.create(
            db,
            tenant_id=ours.tenant.id,
            name="program",
            prefix=new.prefix,
            key_hash=new.key_hash,
            scopes=list(ApiScope),
        )
    return {"auth": {"openapi": {"key": {"bearer": new.key}}}}


def browser(engine: Engine, ours: Planted) -> dict[str, Any]:
    """An administrator's browser; it does not sign out."""
    token = secrets.new_token()
    with engine.begin() as db:
        user = identity.user_by_login(db, "quokka-admin")
        assert user is not None
        hashed = secrets.token_hash(token)
        identity.open_session(db, user, token_hash=hashed, seconds=3600.0, address="", user_agent="")
    return {
        "auth": {"openapi": {"session": {"api_key": token}}},
        "headers": {CSRF_HEADER: secrets.csrf_token(token)},
        "parameters": {f"path.{name}": ours.ids[table] for name, table in TABLES.items()},
        "operations": [{"include-operation-id": "sign_out", "enabled": False}],
    }


def check(url: str, who: dict[str, Any], settings: dict[str, Any], at_least: int) -> None:
    state = make_state(url)
    state.command_seconds = 0.01
    with served(state) as address:
        asked, found = faults(
            json.loads(document()),
            {
                "base-url": address,
                "seed": SEED,
                "cache": {"enabled": False},
                "continue-on-failure": True,
                "workers": 1,
                **settings,
                **who,
                "operations": [BEYOND_THE_SCHEMA, *who.get("operations", ())],
            },
        )
    assert found == [], "\n\n".join(found[:20])
    assert asked >= at_least, "it did ask"


def test_a_few_of_everything(database_url: str, engine: Engine, ours: Planted) -> None:
    check(database_url, program(engine, ours), QUICK, 100)


@pytest.mark.slow
def test_as_a_program(database_url: str, engine: Engine, ours: Planted) -> None:
    check(database_url, program(engine, ours), THOROUGH, 2000)


@pytest.mark.slow
def test_as_an_administrator_s_browser(database_url: str, engine: Engine, ours: Planted) -> None:
    check(database_url, browser(engine, ours), THOROUGH, 2000)
