"""Which methods an address has, by the OpenAPI document: for 405 and its header Allow.

The router itself answers for the first of its routes that has the path, and the page answers every GET.
"""

from __future__ import annotations

import re
from functools import cache

from fastapi import FastAPI


def allowed(app: FastAPI, path: str) -> list[str]:
    """The methods of a path; none if the document does not know it."""
    found = {
        method.upper()
        for template, methods in app.openapi()["paths"].items()
        if _pattern(template).fullmatch(path)
        for method in methods
    }
    return sorted(found)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))
