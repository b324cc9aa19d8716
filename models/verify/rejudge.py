"""Every attempt that was dialed, judged again by the pure rules, at its claim and at its dial."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from models.errors import ModelsError
from models.rules import RuleInputs, check
from models.verify.invariants import Violation

_DIALED = text(
    """
    SELECT id::text, number, rule_inputs, extract(epoch FROM claimed_at)::float8 AS claimed_at,
           extract(epoch FROM dialed_at)::float8 AS dialed_at
      FROM attempt WHERE dialed_at IS NOT NULL AND outcome IS DISTINCT FROM 'not_dialed' ORDER BY id
    """
)


def check_rules(db: Session | Connection) -> tuple[Violation, ...]:
    """Attempts dialed though their own inputs forbid it, or without readable inputs."""
    return tuple(_violations(db))


def _violations(db: Session | Connection) -> Iterator[Violation]:
    for row in db.execute(_DIALED):
        try:
            inputs = RuleInputs.from_json(row.rule_inputs)
        except (ModelsError, KeyError, TypeError) as error:
            yield Violation("rules_not_judged", row.id, f"the rule inputs can't be read: {error!r}")
            continue
        if inputs.number != row.number:
            yield Violation("rules_not_judged", row.id, f"judged {inputs.number}, dialed {row.number}")
        for moment, at in (("claimed", row.claimed_at), ("dialed", row.dialed_at)):
            verdict = check(inputs, at)
            if not verdict.allowed:
                yield Violation(
                    "dialed_against_rules", row.id, f"{moment} against {verdict.code}: {verdict.detail}"
                )
                break
