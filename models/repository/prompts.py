"""Prompts: kept by content, listed for people, handed to switches."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from models.errors import InvalidValue
from models.ids import new_id
from models.prompts import Sound
from models.repository.db import Db, clean_text, of_tenant

MOST = 500  # of one tenant

_SHOWN = "id::text, name, sha256, seconds, octet_length(content) AS bytes, created_at"
_ADD = text(
    f"""
    INSERT INTO prompt (id, tenant_id, name, sha256, seconds, content)
    VALUES (:id, CAST(:tenant_id AS uuid), :name, :sha256, :seconds, :content)
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET name = excluded.name
    RETURNING {_SHOWN}
    """
)
# Those of every tenant that has a campaign on the switch: a campaign can name one at any moment.
_OF_SWITCH = """
    tenant_id IN (SELECT tenant_id FROM campaign WHERE campaign.switch_id = CAST(:switch_id AS uuid))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt without its sound."""

    id: str
    name: str
    sha256: str
    seconds: float
    bytes: int
    created_at: datetime


def add(db: Db, sound: Sound, *, name: str, tenant_id: str) -> Prompt:
    """Keep a sound. The same bytes again are the same prompt, with the new name.

    Raises:
        InvalidValue: `prompt_label` or `prompt_count`.
    """
    name = clean_text(name).strip()
    if not 1 <= len(name) <= 200:
        raise InvalidValue("prompt_label", "a prompt needs a name of 1 to 200 characters")
    count = text("SELECT count(*) FROM prompt WHERE tenant_id = CAST(:tenant_id AS uuid)")
    if db.execute(count, {"tenant_id": tenant_id}).scalar_one() >= MOST:
        raise InvalidValue("prompt_count", f"there are {MOST} prompts already")
    row = {"id": new_id(), "tenant_id": tenant_id, "name": name, "sha256": sound.sha256}
    made = db.execute(_ADD, {**row, "seconds": sound.seconds, "content": sound.content}).one()
    return Prompt(**made._mapping)


def every(db: Db, *, tenant_id: str | None = None) -> tuple[Prompt, ...]:
    """The tenant's prompts, the newest first."""
    query = text(f"SELECT {_SHOWN} FROM prompt WHERE {of_tenant()} ORDER BY id DESC")
    return tuple(Prompt(**row._mapping) for row in db.execute(query, {"tenant_id": tenant_id}))


def of_switch(db: Db, switch_id: str) -> tuple[str, ...]:
    """The names of the prompts that a switch may be asked to play."""
    query = text(f"SELECT DISTINCT sha256 FROM prompt WHERE {_OF_SWITCH} ORDER BY sha256")
    return tuple(db.execute(query, {"switch_id": switch_id}).scalars())


def content(db: Db, switch_id: str, sha256: str) -> bytes | None:
    """The sound of one of them."""
    query = text(f"SELECT content FROM prompt WHERE sha256 = :sha256 AND {_OF_SWITCH} LIMIT 1")
    found = db.execute(query, {"switch_id": switch_id, "sha256": sha256}).scalar()
    return None if found is None else bytes(found)
