"""Who may what: a line for every operation of the OpenAPI document. A route without one fails the tests."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.enums import ApiScope, UserRole
from tests.integration.api.canaries import Planted
from tests.integration.api.office import PASSWORD

ADMIN, SUPERVISOR, AGENT = UserRole.ADMIN, UserRole.SUPERVISOR, UserRole.AGENT
_number = itertools.count(1)
Body = Callable[[Planted], dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """Attributes:
    role: the least role that may; None where nobody needs to be signed in.
    scopes: of the keys that may: any of them.
    ok: what those who may are answered, with the tenant's own ids.
    key: what a key is answered where it has no say, if it is not `forbidden`.
    body: JSON for the tenant's own rows. `upload`: a file instead.
    """

    role: UserRole | None
    scopes: frozenset[ApiScope]
    ok: frozenset[int]
    body: Body | None = None
    upload: bool = False
    key: tuple[int, str] = (403, "forbidden")


def _line(
    role: UserRole | None, scope: ApiScope | None, *ok: int, or_scope: ApiScope | None = None, **more: Any
) -> Line:
    scopes = frozenset(one for one in (scope, or_scope) if one is not None)
    return Line(role, scopes, frozenset(ok), **more)


def _fixed(**body: Any) -> Body:
    return lambda planted: body


def _user(planted: Planted) -> dict[str, Any]:
    login = f"{planted.word}-new-{next(_number)}"
    return {"login": login, "role": "supervisor", "password": PASSWORD}


def _agent(planted: Planted) -> dict[str, Any]:
    name = f"{planted.word}-{next(_number)}"
    return {"name": name, "extension": name, "campaign_id": planted.ids["campaign"]}


def _campaign(planted: Planted) -> dict[str, Any]:
    return {"name": f"{planted.word} {next(_number)}"}


def _in_call(planted: Planted) -> dict[str, Any]:
    return {"attempt_id": planted.ids["attempt"]}


def _transfer(planted: Planted) -> dict[str, Any]:
    return {**_in_call(planted), "to_agent_id": planted.ids["agent"]}


def _disposition(planted: Planted) -> dict[str, Any]:
    return {"attempt_id": planted.ids["attempt"], "disposition": "sale"}


def _route(planted: Planted) -> dict[str, Any]:
    return {"gateway": "carrier", "campaign_id": planted.ids["campaign"], "weight": 2.0}


def _staffing(planted: Planted) -> dict[str, Any]:
    return {
        "calls": [100],
        "interval_seconds": 1800,
        "aht_seconds": 180,
        "targets": {"service_level": 0.8},
    }


_READ, _CONTROL = (SUPERVISOR, ApiScope.READ), (SUPERVISOR, ApiScope.CONTROL)
_IMPORT, _ADMIN = (SUPERVISOR, ApiScope.IMPORT), (ADMIN, ApiScope.ADMIN)
_DESK = (AGENT, ApiScope.CONTROL)

LINES: Mapping[str, Line] = {
    "health": _line(None, None, 200),
    "ready": _line(None, None, 200),
    "metrics": _line(ADMIN, ApiScope.METRICS, 200),
    "sign_in": _line(None, None, 401, body=_fixed(login="nobody", password="nothing")),
    "sign_in_by_link": _line(None, None, 401, body=_fixed(token="nothing")),
    "get_session": _line(AGENT, None, 200, key=(401, "not_signed_in")),
    "sign_out": _line(AGENT, None, 204, key=(204, "")),
    # Four letters are no password: nothing is changed, and every try counts.
    "change_password": _line(
        AGENT, None, 422, 429, body=_fixed(current_password=PASSWORD, new_password="four")
    ),
    "list_users": _line(*_ADMIN, 200),
    "create_user": _line(*_ADMIN, 201, body=_user),
    "change_user": _line(*_ADMIN, 200, body=_fixed(display_name="Anna")),
    "list_api_keys": _line(*_ADMIN, 200),
    "create_api_key": _line(*_ADMIN, 201, body=_fixed(name="CRM", scopes=["read"])),
    "revoke_api_key": _line(*_ADMIN, 204),
    "list_campaigns": _line(*_READ, 200),
    "create_campaign": _line(*_CONTROL, 201, body=_campaign),
    "get_campaign": _line(*_READ, 200),
    "start_campaign": _line(*_CONTROL, 202),
    "pause_campaign": _line(*_CONTROL, 202),
    "stop_campaign": _line(*_CONTROL, 202),
    "set_target": _line(*_CONTROL, 202, body=_fixed(target=0.02)),
    "set_campaign_recording": _line(*_CONTROL, 200, body=_fixed(mode="off")),
    "stop_all": _line(*_CONTROL, 202),
    # An agent: those about themselves, as the planted one is.
    "get_command": _line(AGENT, ApiScope.READ, 200, or_scope=ApiScope.CONTROL),
    "get_limits": _line(*_READ, 200),
    "get_report": _line(*_READ, 200),
    "get_series": _line(*_READ, 200),
    "list_lists": _line(*_READ, 200),
    "preview_import": _line(*_IMPORT, 200, upload=True),
    "create_import": _line(*_IMPORT, 202, 429, upload=True),
    "list_imports": _line(*_IMPORT, 200),
    "get_import": _line(*_IMPORT, 200),
    "get_refused_rows": _line(*_IMPORT, 200),
    "list_agents": _line(*_READ, 200),
    "create_agent": _line(*_ADMIN, 201, body=_agent),
    "get_agent": _line(AGENT, ApiScope.READ, 200),
    "log_in_agent": _line(*_DESK, 202, body=lambda planted: {"campaign_id": planted.ids["campaign"]}),
    "log_out_agent": _line(*_DESK, 202, body=_fixed(reason="home")),
    "pause_agent": _line(*_DESK, 202, body=_fixed(reason="meal")),
    "ready_agent": _line(*_DESK, 202),
    "hang_up_call_of_agent": _line(*_DESK, 202, body=_in_call),
    "hold_call_of_agent": _line(*_DESK, 202, body=_in_call),
    "mute_agent": _line(*_DESK, 202, body=_in_call),
    "send_digits_for_agent": _line(
        *_DESK, 202, body=lambda planted: {"attempt_id": planted.ids["attempt"], "digits": "12#"}
    ),
    "list_colleagues": _line(AGENT, ApiScope.READ, 200),
    "transfer_call_of_agent": _line(*_DESK, 202, body=_transfer),
    "record_call_of_agent": _line(
        *_DESK, 202, body=lambda planted: {"attempt_id": planted.ids["attempt"], "action": "pause"}
    ),
    "transfer_call_of_agent_out": _line(
        *_DESK, 202, body=lambda planted: {**_in_call(planted), "number": "+12125559977"}
    ),
    "give_disposition": _line(*_DESK, 202, body=_disposition),
    "create_phone": _line(*_DESK, 201),
    "end_phone": _line(*_DESK, 204),
    # Nobody who is signed in is a switch.
    "find_phone": _line(None, None, 401),
    "get_switch_gateways": _line(None, None, 401),
    "list_switch_prompts": _line(None, None, 401),
    "get_switch_prompt": _line(None, None, 401),
    "tell_recording_disk": _line(None, None, 401, body=_fixed(free_bytes=1, least_bytes=1)),
    "ask_about_recording": _line(None, None, 401),
    "store_recording": _line(None, None, 401),
    "list_recordings": _line(*_READ, 200),
    "get_recording": _line(*_READ, 200),
    # The planted one's sound is nowhere.
    "hear_recording": _line(*_READ, 404),
    "hold_recording": _line(*_CONTROL, 200, body=_fixed(held=True, reason="a claim")),
    "list_prompts": _line(*_READ, 200),
    # A list of people is no sound.
    "create_prompt": _line(*_CONTROL, 422, upload=True),
    "list_events": _line(*_READ, 200),
    "list_calls": _line(*_READ, 200),
    "get_call": _line(*_READ, 200),
    "list_switches": _line(*_READ, 200),
    "list_gateways": _line(*_READ, 200),
    # Here are two tenants, and gateways serve both.
    "put_gateway": _line(*_ADMIN, 403, body=_fixed(name="carrier")),
    "remove_gateway": _line(*_ADMIN, 403, body=_fixed(name="carrier")),
    "put_route": _line(*_ADMIN, 204, body=_route),
    "plan_staffing": _line(*_READ, 200, body=_staffing),
}
# The table whose row an id in a path, query or body names.
TABLES = {
    "user_id": "user_account",
    "key_id": "api_key",
    "import_id": "import_job",
    "campaign_id": "campaign",
    "agent_id": "agent",
    "to_agent_id": "agent",
    "attempt_id": "attempt",
    "command_id": "command",
    "recording_id": "recording",
}
CURSORS = {"list_users": "user_account", "list_api_keys": "api_key", "list_imports": "import_job"}
# Every tenant's: nothing to hide, and the id of one is the id of all.
COMMON = frozenset({"switch_id"})


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    path_ids: tuple[str, ...]
    query_ids: tuple[str, ...]
    body_ids: tuple[str, ...]
    takes_json: bool

    @property
    def line(self) -> Line:
        """What is expected of it."""
        return LINES[self.name]

    def url(self, whose: Planted) -> str:
        """Its path with that tenant's ids."""
        return self.path.format(**{name: whose.ids[TABLES[name]] for name in self.path_ids})

    def send(self, whose: Planted, **changed: Any) -> dict[str, Any]:
        """What goes along with it, of that tenant."""
        if self.line.upload:
            return {"files": {"file": ("people.csv", b"phone,name\n212-555-0100,Ada\n")}}
        if self.line.body is not None:
            return {"json": self.line.body(whose) | changed}
        return {"json": changed} if changed else {}


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation, with where it takes ids."""
    return [
        _operation(document, path, method, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]


def _operation(document: Mapping[str, Any], path: str, method: str, one: Mapping[str, Any]) -> Operation:
    given = one.get("parameters", [])
    content = one.get("requestBody", {}).get("content", {})
    schema = _resolved(document, content.get("application/json", {}).get("schema", {}))
    return Operation(
        name=one["operationId"],
        method=method.upper(),
        path=path,
        path_ids=tuple(p["name"] for p in given if p["in"] == "path"),
        query_ids=tuple(p["name"] for p in given if p["in"] == "query" and _is_id(p["schema"])),
        body_ids=tuple(name for name, part in schema.get("properties", {}).items() if _is_id(part)),
        takes_json="application/json" in content,
    )


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [schema, *schema.get("anyOf", ())]
    for option in options:
        if "$ref" in option:
            found: Mapping[str, Any] = document["components"]["schemas"][option["$ref"].rpartition("/")[2]]
            return found
    return schema


def _is_id(schema: Mapping[str, Any]) -> bool:
    return '"format": "uuid"' in json.dumps(schema)
