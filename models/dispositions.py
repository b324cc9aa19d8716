"""The words that are offered for how a call ended. Any other may be given: campaigns have their own."""

from __future__ import annotations

DO_NOT_CALL = "do_not_call"
"""Obeyed at once, for every campaign of the tenant (models/repository/records.py)."""

ANSWERING_MACHINE = "answering_machine"
"""Nobody was there: the call counts as no live answer (models/repository/measures.py)."""

OFFERED = ("success", "refusal", "call_back", "wrong_person", DO_NOT_CALL, ANSWERING_MACHINE)
