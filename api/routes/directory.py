"""The directory of the switch: what mod_xml_curl asks when a phone registers, and when a profile makes its
gateways. For switches alone."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api import carrier_xml, directory
from api.problems import Problem, responses
from api.state import state_of
from api.switch_door import asking_switch
from models.repository import carriers, identity
from models.repository.identity import KnownSwitch

router = APIRouter(prefix="/v1/switch", tags=["switches"])
audit = logging.getLogger("api.audit")
Asking = Annotated[KnownSwitch, Depends(asking_switch)]
XML = "text/xml"
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
    }
}


@router.post(
    "/directory",
    responses={
        **responses(401, 403, 413),
        200: {"description": "FreeSWITCH's XML.", "content": {XML: {"schema": {"type": "string"}}}},
    },
    response_class=Response,
    openapi_extra=_FORM,
    operation_id="find_phone",
)
async def find_phone(switch: Asking, request: Request) -> Response:
    """What mod_xml_curl asks of FreeSWITCH's directory, a phone or the switch's gateways; for a switch with
    its key."""
    body = await request.body()
    if len(body) > directory.MAX_BYTES:
        raise Problem(413, "too_large", f"A lookup has at most {directory.MAX_BYTES >> 10} KiB.")
    asked, misses = directory.read(body), state_of(request).phone_misses
    if isinstance(asked, directory.AskedCarriers):
        async with state_of(request).database.owner() as tx:
            accounts = await tx.run(carriers.of_switch, switch.switch_id)
        told = carrier_xml.document(accounts, state_of(request).vault, names_only=not asked.for_profile)
        return Response(told, media_type=XML)
    found = None
    if asked is not None and not misses.too_many(asked.address):
        async with state_of(request).database.owner() as tx:
            found = await tx.run(identity.phone, asked.user_name)
        if found is None:
            misses.count(asked.address)
            extra = {"switch": switch.name, "address": asked.address}
            audit.info("phone refused: its login is none, or over", extra=extra)
    return Response(directory.answer(found), media_type=XML)


@router.get(
    "/gateways",
    responses={
        **responses(401, 403),
        200: {"description": "FreeSWITCH's XML.", "content": {XML: {"schema": {"type": "string"}}}},
    },
    response_class=Response,
    operation_id="get_switch_gateways",
)
async def get_switch_gateways(switch: Asking, request: Request) -> Response:
    """The switch's gateways as a file, for its starts while the api is away; for a switch with its key."""
    async with state_of(request).database.owner() as tx:
        accounts = await tx.run(carriers.of_switch, switch.switch_id)
    return Response(carrier_xml.kept(accounts, state_of(request).vault), media_type=XML)
