"""What `ringmaster doctor` looks at: each check is a finding with what to do about it.

It changes nothing. On a real switch it makes a few legs that reach nobody and end by themselves, to measure
how long a bridge takes and to see whether a campaign's message can be played.
"""

from __future__ import annotations

from callflow.dial_string import DEFAULT, DialStrings
from callflow.doctor.findings import Finding, show
from callflow.doctor.local import Wanted, data_directory, database
from callflow.doctor.switch import check_switch
from models.settings import Settings

__all__ = ["data_directory", "examine", "show"]


def examine(settings: Settings, dial: DialStrings = DEFAULT) -> list[Finding]:
    """Every check, in an order in which the first failure is the cause of the later ones."""
    wanted = Wanted()
    findings = [*data_directory(settings.data_directory), *database(settings, wanted)]
    if dial.customers.gateway:
        wanted.gateways = set()
    wanted.gateways |= dial.gateways()
    wanted.phone_profile = dial.phone_profile
    return [*findings, *check_switch(settings, wanted)]
