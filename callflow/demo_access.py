"""The demo's way in for a person: a user who may everything, signed in by a link that works once.

The user works as an agent of their own too, whom no robot drives: whoever likes takes simulated calls.
"""

from __future__ import annotations

from sqlalchemy import Engine, text

from callflow.demo_data import NAME, Place
from models.enums import UserRole
from models.repository import agents, identity, users
from models.repository.db import Db
from models.tokens import new_token, token_hash

LINK_SECONDS = 3600.0
AGENT_NAME = "You"
AGENT_EXTENSION = "you"
NO_PASSWORD = "!"  # noqa: S105 - no password has this hash: the link is the only way in


def sign_in_path(engine: Engine, place: Place) -> str:
    """A path of the page that signs the demo's user in, once, within an hour."""
    token = new_token()
    with engine.begin() as db:
        identity.make_link(db, _user(db, place), token_hash(token), LINK_SECONDS)
    return f"/sign-in#token={token}"


def _user(db: Db, place: Place) -> str:
    known = identity.user_by_login(db, NAME)
    if known is not None:
        return known.user_id
    made = users.create(
        db,
        tenant_id=place.tenant_id,
        login=NAME,
        role=UserRole.ADMIN,
        password_hash=NO_PASSWORD,
        display_name="Demo",
        agent_id=_agent(db, place),
    )
    return made.id


def _agent(db: Db, place: Place) -> str:
    found = db.execute(
        text("SELECT id::text FROM agent WHERE tenant_id = CAST(:id AS uuid) AND extension = :extension"),
        {"id": place.tenant_id, "extension": AGENT_EXTENSION},
    ).scalar()
    if found is not None:
        return str(found)
    made = agents.create(
        db,
        name=AGENT_NAME,
        extension=AGENT_EXTENSION,
        switch_id=place.switch_id,
        tenant_id=place.tenant_id,
    )
    return made.agent_id
