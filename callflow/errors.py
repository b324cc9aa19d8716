"""Errors of this package: each says whose fault it is, carries a stable `code`, and says what to do next."""

from __future__ import annotations


class CallflowError(Exception):
    """Base of every error raised on purpose in `callflow`.

    Attributes:
        code: stable, for programs; the message is for people, one sentence that says what to do.
    """

    code = "callflow_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)


class JournalError(CallflowError):
    """The local journal can't be used."""

    code = "journal_error"


class JournalUnwritable(JournalError):
    """The data directory refuses writing: the operator's to repair."""

    code = "journal_unwritable"


class JournalVersion(JournalError):
    """Another version of Ringmaster wrote this journal, or it belongs to another switch."""

    code = "journal_version"


class JournalDamaged(JournalError):
    """A line in the middle of a segment is not what was written: the disk's or a person's doing."""

    code = "journal_damaged"


class JournalBusy(JournalError):
    """Another live process holds this journal."""

    code = "journal_busy"


class LeaseLost(CallflowError):
    """Another dialer commands the switch now, or may do so."""

    code = "lease_lost"


class EngineFailed(CallflowError):
    """The engine raised: a bug. The process ends and its restart recovers."""

    code = "engine_failed"


class NoSimulator(CallflowError):
    """A scaled clock was asked for, and the switch is a real one."""

    code = "no_simulator"
