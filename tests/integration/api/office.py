"""Two tenants on one installation, with everybody who may knock at the api's doors: for its tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from httpx2 import Response
from sqlalchemy import Engine
from starlette.testclient import TestClient

from api import secrets
from api.app import create_app
from api.database import Database
from api.principal import CSRF_HEADER
from api.state import State
from models.enums import CampaignState, UserRole
from models.records import CampaignSettings
from models.repository import agents, campaigns, setup, users
from models.session import async_engine

PASSWORD = "correct horse battery staple"
HASH = secrets.hash_password(PASSWORD)  # one for all: hashing is slow on purpose


@dataclass
class Tenant:
    """Ids of one tenant's rows. `logins`: by role, each with PASSWORD."""

    name: str
    id: str
    switch_id: str
    campaign_id: str
    agent_id: str
    logins: dict[UserRole, str] = field(default_factory=dict)
    user_ids: dict[UserRole, str] = field(default_factory=dict)


def make_tenant(engine: Engine, name: str) -> Tenant:
    """A tenant with a campaign, an agent, and a user of each role (`NAME-agent`, ...)."""
    with engine.begin() as db:
        tenant_id, switch_id = setup.tenant(db, name), setup.switch(db, "main")
        campaign = campaigns.create(
            db,
            CampaignSettings(campaign_id="", name="spring", state=CampaignState.DRAFT),
            switch_id=switch_id,
            tenant_id=tenant_id,
        )
        agent = agents.create(
            db,
            name="Ada",
            extension=f"{name}-1001",
            switch_id=switch_id,
            campaign_id=campaign.campaign_id,
            tenant_id=tenant_id,
        )
        tenant = Tenant(name, tenant_id, switch_id, campaign.campaign_id, agent.agent_id)
        for role in UserRole:
            login = f"{name}-{role}"
            made = users.create(
                db,
                tenant_id=tenant_id,
                login=login,
                role=role,
                password_hash=HASH,
                display_name=f"{role} of {name}",
                agent_id=agent.agent_id if role is UserRole.AGENT else None,
            )
            tenant.logins[role], tenant.user_ids[role] = login, made.id
    return tenant


def make_state(url: str, *, row_security: bool = True, tell_tenant: bool = True) -> State:
    """An api process's parts on the test's database."""
    return State(Database(async_engine(url), row_security=row_security, tell_tenant=tell_tenant))


def make_client(state: State) -> TestClient:
    """A browser or program in front of the application; use it as a context manager."""
    return TestClient(create_app(state), base_url="http://ringmaster.test", raise_server_exceptions=False)


def sign_in(client: TestClient, login: str, password: str = PASSWORD) -> Response:
    """Sign in, and send the CSRF token from here on."""
    answer: Response = client.post("/v1/session", json={"login": login, "password": password})
    if answer.status_code == 200:
        client.headers[CSRF_HEADER] = answer.json()["csrf_token"]
    return answer
