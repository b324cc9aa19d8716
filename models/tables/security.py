"""Tenants apart: row-level security for the role that serves HTTP.

The api works as the role `ringmaster_api` (`SET LOCAL ROLE`) with the tenant of the request in the setting
`ringmaster.tenant_id`, both for one transaction. What the policies do not show does not exist for it.
Dialer, worker and migrations are the tables' owner, whom row-level security does not bind. Whoever is not
signed in yet has no tenant: the few statements that look up logins, tokens and keys run as the owner too
(models.repository.identity).

A table that has a `tenant_id` shows the rows of that tenant; a NULL there is nobody's. The others follow a
row that they point at; by EXISTS where that is an attempt, which an index finds: a list of all would be read.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, event, text

from models.tables.base import Base

API_ROLE = "ringmaster_api"
TENANT_SETTING = "ringmaster.tenant_id"

_TENANT = f"(SELECT nullif(current_setting('{TENANT_SETTING}', true), '')::uuid)"
_OWN = f"tenant_id = {_TENANT}"

READ = "SELECT"
ADD = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
REMOVE = "SELECT, INSERT, UPDATE, DELETE"

# table -> (what the role may do, which rows)
ACCESS: dict[str, tuple[str, str]] = {
    "account": (READ, _OWN),
    "agent": (CHANGE, _OWN),
    "agent_state_log": (READ, "agent_id IN (SELECT id FROM agent)"),
    "api_key": (CHANGE, _OWN),
    "attempt": (READ, _OWN),
    "call": (READ, _OWN),
    "call_note": (READ, "EXISTS (SELECT FROM attempt WHERE attempt.id = call_note.attempt_id)"),
    "campaign": (CHANGE, _OWN),
    "client": (ADD, _OWN),
    "command": (ADD, _OWN),
    "do_not_call": (READ, _OWN),
    "event": (ADD, _OWN),
    "import_batch": (READ, _OWN),
    "import_job": (ADD, _OWN),
    "lead": (READ, _OWN),
    "leg": (
        READ,
        "EXISTS (SELECT FROM attempt WHERE attempt.id = leg.attempt_id)"
        " OR agent_id IN (SELECT id FROM agent)",
    ),
    "list": (READ, _OWN),
    "live_snapshot": (READ, _OWN),
    "person": (READ, _OWN),
    "person_phone": (READ, _OWN),
    "phone_login": (REMOVE, _OWN),
    "prompt": (CHANGE, _OWN),
    "recording": ("SELECT, UPDATE", _OWN),
    "recording_event": (ADD, _OWN),
    "route": (REMOVE, _OWN),
    "rule_refusal": (READ, _OWN),
    "sign_in_link": (CHANGE, _OWN),
    "team": (READ, _OWN),
    "tenant": (READ, f"id = {_TENANT}"),
    "user_account": (CHANGE, _OWN),
    "web_session": (REMOVE, _OWN),
}
# A switch and its gateways serve every tenant; who holds its lease is no secret.
SHARED = ("gateway", "switch")
# For the owner alone: failed sign-ins, what dialers have learned, carriers' accounts, what switches ask with
# and what they say of their disks.
CLOSED = ("sign_in_failure", "learned", "switch_key", "carrier_account", "recording_disk")


def statements() -> list[str]:
    """What makes the role and the policies, in order."""
    made = [_MAKE_ROLE, f"GRANT USAGE ON SCHEMA public TO {API_ROLE}"]
    for table, (rights, rows) in ACCESS.items():
        made += [
            f"GRANT {rights} ON {table} TO {API_ROLE}",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON {table} TO {API_ROLE} USING ({rows}) WITH CHECK ({rows})",
        ]
    made += [f"GRANT SELECT ON {table} TO {API_ROLE}" for table in SHARED]
    return [*made, *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in CLOSED)]


# Roles belong to the server, not to the database: another database's migration may have made it, or be making
# it now. An owner that may not make roles is told whom to ask.
_MAKE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{API_ROLE}') THEN
        BEGIN
            CREATE ROLE {API_ROLE} NOLOGIN;
            EXECUTE format('GRANT {API_ROLE} TO %I', current_user);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role {API_ROLE} is missing and % may not make it', current_user
                    USING HINT = 'Let a superuser make it (NOLOGIN) and grant it to that account.';
        END;
    END IF;
    IF NOT pg_has_role(current_user, '{API_ROLE}', 'MEMBER') THEN
        EXECUTE format('GRANT {API_ROLE} TO %I', current_user);
    END IF;
END $$
"""


@event.listens_for(Base.metadata, "after_create")
def _apart(target: MetaData, connection: Connection, **options: Any) -> None:
    for statement in statements():
        connection.execute(text(statement))
