"""A private PostgreSQL in a data directory: the default database is the real thing, small."""

from models.postgres.server import PrivatePostgres, find_running, start, stop

__all__ = ["PrivatePostgres", "find_running", "start", "stop"]
