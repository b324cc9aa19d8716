"""Print the OpenAPI document: `python -m api.openapi`. The page's types are made of it."""

from __future__ import annotations

import json
import sys

from api.app import create_app
from api.database import Database
from api.state import State
from models.session import async_engine


def document() -> str:
    """The document as sorted JSON, with a newline at its end. No database is opened for it."""
    app = create_app(State(Database(async_engine("postgresql://nowhere/nothing"))))
    return json.dumps(app.openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
