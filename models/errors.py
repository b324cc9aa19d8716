"""Errors of this package: each says whose fault it is, carries a stable `code`, and says what to do next."""

from __future__ import annotations


class ModelsError(Exception):
    """Base of every error raised on purpose in `models`.

    Attributes:
        code: stable, for programs; the message is for people, one sentence that says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PostgresError(ModelsError):
    """The private PostgreSQL can't be started, stopped or reached."""


class NotFound(ModelsError):
    """A row that the caller named does not exist."""


class InvalidValue(ModelsError):
    """A value from outside (a person, a file, an API) that no row may hold."""
