"""What can go wrong between us and a switch, said so that the reader knows whose fault it is and what to do.

Every error has a stable `code` (logs, metrics and the web page key on it) and a `what_to_do` sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esl.codec import Message, Request


class EslError(Exception):
    """Base of every error of this package. `str(error)` is what happened; `what_to_do` is the next step."""

    code: ClassVar[str] = "esl_error"
    what_to_do: str = "Look at the log lines before this one."

    def __init__(self, message: str, what_to_do: str | None = None) -> None:
        super().__init__(message)
        if what_to_do is not None:
            self.what_to_do = what_to_do

    @property
    def message(self) -> str:
        """What happened, without the advice."""
        return str(self.args[0])

    def explain(self) -> str:
        """What happened and what to do, as one line for a log or a terminal."""
        return f"{self.message} {self.what_to_do}"


class LinkLost(EslError):
    """The connection to the switch is gone; the fate of a command that was pending is not known."""

    code = "link_lost"
    what_to_do = "Nothing was repeated. Reconcile open legs with uuid_exists once the link is up again."


class SwitchUnreachable(LinkLost):
    """No connection could be made at all: nothing was sent."""

    code = "switch_unreachable"
    what_to_do = "Check that FreeSWITCH runs and that the host and event socket port are right."


class SessionEnded(LinkLost):
    """The call of an outbound socket has ended, or its switch is gone: nothing more is done on it."""

    code = "session_ended"
    what_to_do = "Nothing was repeated. What the call came to is in its CHANNEL_HANGUP_COMPLETE."


class AuthenticationRefused(EslError):
    """The switch is there and turned us away: wrong password, or its access list."""

    code = "authentication_refused"
    what_to_do = "Set the password of FreeSWITCH's event_socket.conf.xml in Ringmaster's settings."


class AccessDenied(AuthenticationRefused):
    """The switch's access list (`apply-inbound-acl`) does not have our address."""

    code = "access_denied"
    what_to_do = "Add this machine to apply-inbound-acl in FreeSWITCH's event_socket.conf.xml."


class LinkTimeout(EslError):
    """The switch did not reply in time; it may still carry the command out."""

    code = "link_timeout"
    what_to_do = "Do not repeat the command; ask the switch for the leg with uuid_exists."


class CommandRejected(EslError):
    """The switch answered a command with -ERR."""

    code = "command_rejected"
    what_to_do = "Read the reply; the command was not carried out."

    def __init__(self, command: str, reply: str) -> None:
        super().__init__(f"The switch refused {command!r}: {reply.strip()}")
        self.command = command
        self.reply = reply


class UnencodableValue(EslError, ValueError):
    """A value that the Event Socket can't carry unchanged.

    Sending it would change another command's meaning.
    """

    code = "unencodable_value"
    what_to_do = "Remove the offending characters, or set the value after the originate with uuid_setvar."


class ProtocolError(EslError):
    """The peer does not speak the Event Socket, or exceeds a bound. The connection can't be used any more.

    `received` are the messages of the same read that came whole before the offence; they are genuine.
    """

    code = "protocol_error"
    what_to_do = "Check that the host and port are FreeSWITCH's event socket and not another service."

    def __init__(self, message: str, received: Sequence[Message | Request] = ()) -> None:
        super().__init__(message)
        self.received: tuple[Message | Request, ...] = tuple(received)
