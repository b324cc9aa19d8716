"""Alembic migrations, shipped in the package; `models.migrate` runs them."""
