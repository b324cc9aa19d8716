"""Hang-up causes, SIP statuses and what FreeSWITCH makes of one from the other (FACTS section 4)."""

from __future__ import annotations

from typing import Final

Q850: Final[dict[str, int]] = {
    "NONE": 0,
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_DESTINATION": 3,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "REQUESTED_CHAN_UNAVAIL": 44,
    "OUTGOING_CALL_BARRED": 52,
    "CHAN_NOT_IMPLEMENTED": 66,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "INTERWORKING": 127,
    # FreeSWITCH's own causes are above 127 and go out as normal clearing
    "ORIGINATOR_CANCEL": 16,
    "MANAGER_REQUEST": 16,
    "SYSTEM_SHUTDOWN": 16,
    "ALLOTTED_TIMEOUT": 16,
    "PROGRESS_TIMEOUT": 16,
    "BLIND_TRANSFER": 16,
    "ATTENDED_TRANSFER": 16,
    "LOSE_RACE": 16,
    "USER_CHALLENGE": 16,
    "MEDIA_TIMEOUT": 16,
    "PICKED_OFF": 16,
    "GATEWAY_DOWN": 16,
    "INVALID_GATEWAY": 16,
    "INVALID_PROFILE": 16,
    "INVALID_URL": 16,
}

CAUSE_OF_SIP: Final[dict[int, str]] = {
    302: "REQUESTED_CHAN_UNAVAIL",
    403: "CALL_REJECTED",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    480: "NO_USER_RESPONSE",
    486: "USER_BUSY",
    487: "ORIGINATOR_CANCEL",
    500: "NORMAL_TEMPORARY_FAILURE",
    503: "NORMAL_TEMPORARY_FAILURE",
    600: "USER_BUSY",
    603: "CALL_REJECTED",
}

PHRASE_OF_SIP: Final[dict[int, str]] = {
    302: "Moved Temporarily",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


def known_cause(text: str, default: str = "NORMAL_CLEARING") -> str:
    """The cause `uuid_kill` and friends end with: by name, by number, or the default for a wrong one."""
    name = text.strip().upper()
    if name in Q850:
        return name
    if name.isdigit():
        return next((cause for cause, number in Q850.items() if number == int(name)), default)
    return default
