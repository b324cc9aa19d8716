"""The routes under /v1, one module per resource: schemas at its head, then the functions. No SQL here."""
