"""Every setting of the installation, in one class, read at the composition roots (the `cli.py` files)
only."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment: `RINGMASTER_<NAME>`, and the usual `DATABASE_URL`.

    With no `database_url` a private PostgreSQL is kept in `data_directory`; with no `switch_host` there is no
    FreeSWITCH and `ringmaster demo` starts the softswitch simulator.
    """

    model_config = SettingsConfigDict(
        env_prefix="RINGMASTER_", extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: str = Field(
        default="", validation_alias=AliasChoices("DATABASE_URL", "RINGMASTER_DATABASE_URL", "database_url")
    )
    data_directory: Path = Path(".ringmaster")
    postgres_port: int | None = Field(default=None, ge=1, le=65535)
    switch_name: str = Field(default="main", min_length=1, max_length=64)
    switch_host: str = ""
    switch_port: int = Field(default=8021, ge=1, le=65535)
    switch_password: SecretStr = SecretStr("ClueCon")
    carrier_key: SecretStr = SecretStr("")
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    session_hours: float = Field(default=12.0, gt=0.0, le=24 * 31)
    phone_hours: float = Field(default=12.0, gt=0.0, le=24 * 31)
    phone_server: str = Field(default="", max_length=200)
    phone_websocket: str = Field(default="", max_length=200)
    ice_servers: str = Field(default="", max_length=2000)
    turn_secret: SecretStr = SecretStr("")
    event_days: float = Field(default=7.0, gt=0.0, le=3650)
    recording_storage: str = Field(default="", max_length=500)
    recording_directory: str = Field(default="/var/lib/freeswitch/recordings", pattern=r"^/[^\s'\"\\{}$]*$")
    lease_ttl_seconds: float = Field(default=10.0, ge=3.0, le=300.0)
    decision_days: float = Field(default=30.0, ge=0.0, le=3650)
    shadow_policy: str = ""
    log_level: str = "INFO"
