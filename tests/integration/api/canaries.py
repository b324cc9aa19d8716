"""A row in every table for a tenant, with the tenant's word in every text: what nobody else may ever see.

Rows are made from the tables themselves, so that a new table or column is planted without a word here, or
fails the test until somebody has said what may stand in it.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from models.enums import AgentState, AttemptState, CommandStatus, ImportState, Outcome, UserRole
from models.ids import new_id
from models.rules import RetryPolicy, preset
from models.tables import Base, security
from tests.integration.api.office import HASH, Tenant

# Not planted: the tenant itself is there, and these belong to nobody.
NOT_PLANTED = frozenset({"tenant", *security.SHARED, *security.CLOSED})


@dataclass
class Planted:
    """A tenant whose every table has a row. `ids`: of those rows, by table; `number`: what it dials."""

    tenant: Tenant
    number: str
    ids: dict[str, str] = field(default_factory=dict)
    gateway_id: str = ""  # every tenant's, as its switch is

    @property
    def word(self) -> str:
        """What stands in every text."""
        return self.tenant.name

    def signs(self) -> set[str]:
        """What betrays this tenant wherever it shows: its word, number and ids."""
        known = {
            self.tenant.id,
            self.tenant.campaign_id,
            self.tenant.agent_id,
            *self.tenant.user_ids.values(),
        }
        return {self.word, self.number.lstrip("+"), *known, *self.ids.values()}


def plant(engine: Engine, tenant: Tenant, number: str, seq: int) -> Planted:
    """Give the tenant a row in every table. The user of role agent works as the planted agent."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in NOT_PLANTED]
    planted = Planted(tenant, number, {table.name: new_id() for table in tables})
    planted.ids["call"] = planted.ids["attempt"]
    planted.ids["live_snapshot"] = f"campaign:{planted.ids['campaign']}"
    special = _special(planted, seq)
    with engine.begin() as db:
        planted.gateway_id = _gateway(db, tenant.switch_id)
        for table in tables:
            values = {
                column.name: special[key]
                if (key := f"{table.name}.{column.name}") in special
                else _value(column, planted)
                for column in table.columns
            }
            db.execute(sa.insert(table).values(values))
        db.execute(
            sa.text("UPDATE user_account SET agent_id = CAST(:agent AS uuid) WHERE id = CAST(:id AS uuid)"),
            {"agent": planted.ids["agent"], "id": tenant.user_ids[UserRole.AGENT]},
        )
    return planted


def _gateway(db: sa.Connection, switch_id: str) -> str:
    """The switch's one gateway."""
    row = {"id": new_id(), "switch_id": switch_id}
    db.execute(
        sa.text(
            "INSERT INTO gateway (id, switch_id, name) VALUES (:id, :switch_id, 'carrier')"
            " ON CONFLICT DO NOTHING"
        ),
        row,
    )
    found = sa.text("SELECT id::text FROM gateway WHERE switch_id = CAST(:switch_id AS uuid)")
    return str(db.execute(found, row).scalar_one())


def _value(column: sa.Column[Any], planted: Planted) -> Any:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table.name
        shared = {"switch": planted.tenant.switch_id, "gateway": planted.gateway_id}
        return {"tenant": planted.tenant.id, **shared}.get(target, planted.ids.get(target))
    if column.name == "id":
        return planted.ids[column.table.name]
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0]
    if isinstance(kind, sa.Text):
        return planted.number if column.name == "number" else f"{planted.word}-{column.name}"
    if isinstance(kind, JSONB):
        return {"note": planted.word}
    if isinstance(kind, ARRAY):
        return [planted.word]
    if isinstance(kind, sa.DateTime):
        return datetime.now(UTC)
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer | sa.Float):
        return 1
    if isinstance(kind, sa.LargeBinary):
        return gzip.compress(planted.word.encode())
    if isinstance(kind, sa.Uuid):
        return new_id()
    raise AssertionError(f"say in canaries.py what may stand in {column}")


def _special(planted: Planted, seq: int) -> dict[str, Any]:
    """Where a constraint, or whoever reads it, asks for more than the word."""
    later = datetime.now(UTC) + timedelta(hours=1)
    row = {"line": 2, "reason": "formula", "detail": planted.word, "value": planted.word}
    return {
        "campaign.target": 0.03,
        "campaign.cap": 0.03,
        "campaign.grace_seconds": 2.0,
        "campaign.ring_seconds": 30.0,
        "campaign.caller_id": planted.number,
        "campaign.rules": preset("us_telemarketing").to_json(),
        "campaign.retries": RetryPolicy().to_json(),
        "campaign.recording": {},
        "agent.state": AgentState.TALKING,
        "agent.attempt_id": planted.ids["attempt"],
        "attempt.state": AttemptState.CLOSED,
        "attempt.outcome": Outcome.CONNECTED,
        "leg.transfer_of": None,
        "person.timezones": ["America/New_York"],
        "command.status": CommandStatus.DONE,
        "event.seq": seq,
        "event.topic": "note",
        "live_snapshot.topic": planted.ids["live_snapshot"],
        "import_job.state": ImportState.DONE,
        "import_job.content": None,
        "import_job.report": {"by_reason": {planted.word: 1}, "refused_rows": [row]},
        "user_account.role": UserRole.SUPERVISOR,
        "user_account.agent_id": None,
        "user_account.password_hash": HASH,
        "user_account.disabled": False,
        "phone_login.a1_hash": "0123456789abcdef" * 2,
        "phone_login.expires_at": later,
        "prompt.sha256": hashlib.sha256(planted.word.encode()).hexdigest(),
        "recording.sha256": hashlib.sha256(planted.word.encode()).hexdigest(),
        "recording.held": False,
        "recording.deleted_at": None,
        "api_key.scopes": ["read"],
        "api_key.revoked_at": None,
        "api_key.expires_at": later,
        "sign_in_link.expires_at": later,
        "web_session.expires_at": later,
    }


def dump(engine: Engine, planted: Planted) -> dict[str, str]:
    """The tenant's rows as text, by table: to see that nobody has touched them."""
    with engine.connect() as db:
        return {
            table: str(
                db.execute(
                    sa.text(
                        f"SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text)::text FROM {table} t"
                        " WHERE to_jsonb(t)::text LIKE ANY (CAST(:signs AS text[]))"
                    ),
                    {"signs": [f"%{sign}%" for sign in planted.signs()]},
                ).scalar()
            )
            for table in planted.ids
        }


def crossings(engine: Engine) -> list[str]:
    """References from a row of one tenant to a row of another: there are never any."""
    found = []
    with engine.connect() as db:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                for key in column.foreign_keys:
                    parent = key.column.table
                    if "tenant_id" not in table.columns or "tenant_id" not in parent.columns:
                        continue
                    query = sa.text(
                        f"SELECT count(*) FROM {table.name} c JOIN {parent.name} p"
                        f" ON p.{key.column.name} = c.{column.name} WHERE c.tenant_id <> p.tenant_id"
                    )
                    if db.execute(query).scalar_one():
                        found.append(f"{table.name}.{column.name}")
    return found
