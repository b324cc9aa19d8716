"""Every table. Text words with a CHECK for enums, timestamptz for times, UUIDv7 keys, E.164 numbers."""

from models.tables import security  # noqa: F401 - row-level security comes with the tables
from models.tables.access import ApiKey, SignInFailure, SignInLink, UserAccount, WebSession
from models.tables.base import Base
from models.tables.calls import Attempt, Call, CallNote, Leg
from models.tables.carriers import CarrierAccount
from models.tables.control import Command, Event, Gateway, Learned, LiveSnapshot, Route, Switch
from models.tables.dialing import Campaign, ImportBatch, ImportJob, Lead, List, RuleRefusal
from models.tables.parties import Account, Client, DoNotCall, Person, PersonPhone, Tenant
from models.tables.people import Agent, AgentStateLog, Team
from models.tables.phones import PhoneLogin, SwitchKey
from models.tables.prompts import Prompt
from models.tables.recordings import Recording, RecordingDisk, RecordingEvent

__all__ = [
    "Account",
    "Agent",
    "AgentStateLog",
    "ApiKey",
    "Attempt",
    "Base",
    "Call",
    "CallNote",
    "Campaign",
    "CarrierAccount",
    "Client",
    "Command",
    "DoNotCall",
    "Event",
    "Gateway",
    "ImportBatch",
    "ImportJob",
    "Lead",
    "Learned",
    "Leg",
    "List",
    "LiveSnapshot",
    "Person",
    "PersonPhone",
    "PhoneLogin",
    "Prompt",
    "Recording",
    "RecordingDisk",
    "RecordingEvent",
    "Route",
    "RuleRefusal",
    "SignInFailure",
    "SignInLink",
    "Switch",
    "SwitchKey",
    "Team",
    "Tenant",
    "UserAccount",
    "WebSession",
]
