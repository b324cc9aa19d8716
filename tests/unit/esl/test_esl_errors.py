"""Errors say what happened and what to do, and keep their codes."""

from __future__ import annotations

from esl import errors
from esl.errors import AuthenticationRefused, CommandRejected, EslError, LinkLost


def classes(base: type[EslError]) -> list[type[EslError]]:
    return [base, *(each for child in base.__subclasses__() for each in classes(child))]


def test_codes_are_stable_and_differ() -> None:
    assert {cls.__name__: cls.code for cls in classes(EslError) if cls.__module__ == errors.__name__} == {
        "EslError": "esl_error",
        "LinkLost": "link_lost",
        "SwitchUnreachable": "switch_unreachable",
        "SessionEnded": "session_ended",
        "AuthenticationRefused": "authentication_refused",
        "AccessDenied": "access_denied",
        "LinkTimeout": "link_timeout",
        "CommandRejected": "command_rejected",
        "UnencodableValue": "unencodable_value",
        "ProtocolError": "protocol_error",
    }


def test_every_error_says_what_to_do() -> None:
    assert all(cls.what_to_do.endswith(".") for cls in classes(EslError))
    assert AuthenticationRefused("No.").explain().startswith("No. Set the password")
    assert LinkLost("Gone.", "Wait.").explain() == "Gone. Wait."
    rejected = CommandRejected("Api uuid_kill", "-ERR No such channel!\n")
    assert rejected.message == "The switch refused 'Api uuid_kill': -ERR No such channel!"
