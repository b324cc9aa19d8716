"""Recording of calls: on the customer's leg, in stereo, only with the consent that the campaign's rules want.

One file per recording, named by attempt and recording. Its start is durable before the switch is told;
whether it is masked is on record by the switch's own word. Whatever is in doubt is silenced: a mask that the
switch refuses ends the recording.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from callflow.engine.board import Attempt, Board, Campaign, Leg, Recording
from callflow.engine.tables import LegState, RecordingEvent, RecordingState
from esl import commands
from esl.events import Event
from models.enums import AttemptState, CommandKind, CommandStatus, RecordingConsent, RecordingMode
from models.records import (
    CommandFinished,
    OpenAttempt,
    OperatorCommand,
    RecordingMarked,
    RecordingOrders,
    RecordingStarted,
    RecordingStopped,
)

_VARIABLES = {"RECORD_STEREO": "true", "RECORD_MIN_SEC": "0"}
"""Each side on a channel of its own; without the second FreeSWITCH throws away what is shorter than 3 s."""
_ANNOUNCEMENTS = 3
_ANNOUNCE_SECONDS = 3.0
"""So long after the command the announcement must have begun: for a missing file no event says so."""
_TOLD_WITHIN_SECONDS = 1.0
_NO_LEG = "Cannot locate session"
_LIVE = (RecordingState.STARTING, RecordingState.RECORDING, RecordingState.MASKED)


def hear(board: Board, orders: RecordingOrders) -> None:
    """What the database says now; a plan holds for calls that are bridged from here on."""
    board.recording_room = orders.room
    for campaign_id, plan in orders.plans.items():
        campaign = board.campaigns.get(campaign_id)
        if campaign is not None and campaign.settings.recording != plan:
            campaign.settings = replace(campaign.settings, recording=plan)
    board.dirty.update(board.campaigns)


def lacks_room(board: Board, campaign: Campaign) -> bool:
    """Calls that must be recorded are not made while the switch's disk is full."""
    return board.recording_room is False and campaign.settings.recording.required


def shown(board: Board) -> dict[str, Counter[str]]:
    """Recordings by state, of each campaign."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for attempt_id, made in board.recordings.items():
        if made.state is not RecordingState.ENDED:
            found[board.attempts[attempt_id].campaign_id][str(made.state)] += 1
    return found


# --- begin ---------------------------------------------------------------------------------------------


def bridged(board: Board, attempt: Attempt) -> None:
    """The conversation has begun, or was found at recovery: record it if that is due without being asked."""
    plan = board.campaigns[attempt.campaign_id].settings.recording
    if attempt.attempt_id in board.recordings or not plan.chooses(attempt.attempt_id):
        return
    if plan.consent is not RecordingConsent.ASKED:
        _begin(board, attempt)


def _new(board: Board, attempt: Attempt, consent: RecordingConsent) -> Recording:
    recording_id = board.new_id()
    path = f"{board.config.recordings.rstrip('/')}/{attempt.attempt_id}.{recording_id}.wav"
    made = Recording(attempt.attempt_id, attempt.leg_id, recording_id, path, consent)
    board.recordings[attempt.attempt_id] = made
    return made


def _begin(board: Board, attempt: Attempt, command: OperatorCommand | None = None) -> None:
    plan = board.campaigns[attempt.campaign_id].settings.recording
    made = _new(board, attempt, plan.consent)
    if command is not None:
        made.command_id = command.command_id
        made.waiting[command.command_id] = "start"
    if plan.consent is RecordingConsent.ANNOUNCED:
        made.state = RecordingState.ANNOUNCING
        _announce(board, made)
    else:
        _start(board, made)


def _announce(board: Board, made: Recording) -> None:
    """Both hear it, so that nobody talks over it unknowingly."""
    attempt = board.attempts[made.attempt_id]
    sound = board.campaigns[attempt.campaign_id].settings.recording.announcement
    if not sound or made.announced >= _ANNOUNCEMENTS:
        _give_up(board, made, "the announcement was not heard")
        return
    made.announced += 1
    board.send(commands.uuid_broadcast(made.leg_id, sound, "both"))
    board.timer(f"recording:{made.attempt_id}", _ANNOUNCE_SECONDS)


def timer_due(board: Board, attempt_id: str) -> None:
    """What the switch should have told by now: it is asked again, or taken at its last word."""
    made = board.recordings.get(attempt_id)
    if made is None or not board.link_up:
        return
    if made.state is RecordingState.ANNOUNCING:
        _announce(board, made)
    elif made.stop:
        _over(board, made, "stopped", None)
    elif made.state is RecordingState.STARTING:
        _tell(board, made, _wish(made))


def _give_up(board: Board, made: Recording, why: str) -> None:
    board.move_recording(made, RecordingEvent.END)
    board.counters["recording_not_announced"] += 1
    _answer(board, made, "start", f"not recorded: {why}")


def _start(board: Board, made: Recording) -> None:
    board.save(
        RecordingStarted(
            recording_id=made.recording_id,
            attempt_id=made.attempt_id,
            leg_id=made.leg_id,
            path=made.path,
            consent=made.consent,
            at=board.wall,
            command_id=made.command_id,
        )
    )
    board.send(commands.uuid_setvar_multi(made.leg_id, _VARIABLES))
    _tell(board, made, "start")


def _wish(made: Recording) -> str:
    return "stop" if made.stopped_by else "mask" if made.mask else "unmask"


def _tell(board: Board, made: Recording, action: str) -> None:
    command = {
        "start": commands.uuid_record(made.leg_id, made.path),
        "stop": commands.uuid_record(made.leg_id, made.path, "stop"),
        "mask": commands.uuid_record(made.leg_id, made.path, "mask"),
        "unmask": commands.uuid_record(made.leg_id, made.path, "unmask"),
    }[action]
    board.send(command, f"record:{made.attempt_id}:{made.recording_id}:{action}")


# --- the switch's words --------------------------------------------------------------------------------


def on_event(board: Board, leg: Leg, event: Event) -> None:
    """PLAYBACK_START, PLAYBACK_STOP, RECORD_START and RECORD_STOP of a customer's leg."""
    made = board.recordings.get(leg.owner_id)
    if made is None or made.leg_id != leg.leg_id:
        return
    if event.name.startswith("PLAYBACK_"):
        _played(board, made, event)
    elif event.get("Record-File-Path", "") != made.path:
        return
    elif event.name == "RECORD_START":
        _started(board, made)
    elif event.name == "RECORD_STOP":
        milliseconds = event.integer("variable_record_ms")
        _over(board, made, event.get("Record-Completion-Cause", "")[:100], milliseconds / 1000.0)


def _played(board: Board, made: Recording, event: Event) -> None:
    if made.state is not RecordingState.ANNOUNCING:
        return
    attempt = board.attempts[made.attempt_id]
    sound = board.campaigns[attempt.campaign_id].settings.recording.announcement
    if not sound or not event.get("Playback-File-Path", "").endswith(sound.rpartition("/")[2]):
        return  # a hold's music
    board.stop_timer(f"recording:{made.attempt_id}")
    if event.name == "PLAYBACK_STOP" and event.get("Playback-Status", "") == "done":
        if board.move_recording(made, RecordingEvent.ANNOUNCED):
            _start(board, made)
    elif event.name == "PLAYBACK_STOP":
        _announce(board, made)


def _started(board: Board, made: Recording) -> None:
    if made.state is not RecordingState.STARTING:
        return
    board.move_recording(made, RecordingEvent.STARTED)
    board.stop_timer(f"recording:{made.attempt_id}")
    _answer(board, made, "start")
    if made.mask or made.waiting:  # asked for before the switch had the file open: the last wish holds
        wish = _wish(made)
        for action in set(made.waiting.values()) - {wish}:
            _answer(board, made, action)
        _tell(board, made, wish)


def _over(board: Board, made: Recording, cause: str, seconds: float | None) -> None:
    """The file is complete, or there is none."""
    if not board.move_recording(made, RecordingEvent.END):
        return
    board.stop_timer(f"recording:{made.attempt_id}")
    board.save(
        RecordingStopped(
            recording_id=made.recording_id,
            at=board.wall,
            cause=cause,
            seconds=seconds,
            command_id=made.stopped_by,
        )
    )
    _answer(board, made, "stop")
    for action in set(made.waiting.values()):
        _answer(board, made, action, "the recording has ended")


def replied(board: Board, name: str, *, ok: bool, text: str) -> None:
    """The switch's answer to what `_tell` sent."""
    attempt_id, recording_id, action = ([*name.split(":"), "", ""])[:3]
    made = board.recordings.get(attempt_id)
    if made is None or made.recording_id != recording_id or made.state is RecordingState.ENDED:
        return
    if ok:
        _done(board, made, action)
    elif action == "start":
        board.counters["recording_refused"] += 1
        _over(board, made, f"refused: {text.strip()[:80]}", None)
    elif _NO_LEG in text:
        return  # its end is on the way, and answers everything
    elif action == "mask" and made.state is not RecordingState.STARTING:
        # Card data must not be heard: what can't be masked is ended.
        board.counters["recording_mask_refused"] += 1
        _answer(board, made, "mask", "the switch could not pause the recording: it is stopped instead")
        _tell(board, made, "stop")
    else:
        _lost(board, made)


def _done(board: Board, made: Recording, action: str) -> None:
    if action == "start":
        board.timer(f"recording:{made.attempt_id}", _TOLD_WITHIN_SECONDS)
    elif action == "stop":
        made.stop = True
        _answer(board, made, "stop")
        board.timer(f"recording:{made.attempt_id}", _TOLD_WITHIN_SECONDS)
    else:
        _silenced(board, made, action)


def _silenced(board: Board, made: Recording, action: str) -> None:
    """It is masked, or no longer; if its RECORD_START was lost, this tells as well that it runs."""
    if made.state is RecordingState.STARTING:
        board.move_recording(made, RecordingEvent.STARTED)
        _answer(board, made, "start")
    masked = action == "mask"
    event = RecordingEvent.MASKED if masked else RecordingEvent.UNMASKED
    if masked is not (made.state is RecordingState.MASKED) and board.move_recording(made, event):
        board.save(
            RecordingMarked(
                id=board.new_id(),
                recording_id=made.recording_id,
                masked=masked,
                at=board.wall,
                command_id=next((key for key, asked in made.waiting.items() if asked == action), None),
            )
        )
    _answer(board, made, action)


def _lost(board: Board, made: Recording) -> None:
    """The leg lives and is not recorded: the start never arrived, or the switch ended it unheard. What is
    recorded from here on is another file, so that nothing is overwritten."""
    board.counters["recording_lost"] += 1
    _over(board, made, "lost", None)
    attempt = board.attempts[made.attempt_id]
    if made.stopped_by is None and attempt.state is AttemptState.CONNECTED:
        again = _new(board, attempt, made.consent)
        again.mask = made.mask
        _start(board, again)


# --- the end, the link, the start of a dialer ----------------------------------------------------------


def closed(board: Board, attempt: Attempt) -> None:
    """The call is over, and with it what was recorded of it."""
    made = board.recordings.get(attempt.attempt_id)
    if made is None:
        return
    board.stop_timer(f"recording:{attempt.attempt_id}")
    if made.state is RecordingState.ANNOUNCING:
        board.move_recording(made, RecordingEvent.END)
        _answer(board, made, "start", "the call has ended")
    elif made.state is not RecordingState.ENDED:
        _over(board, made, "call ended", None)
    del board.recordings[attempt.attempt_id]


def agent_left(board: Board, attempt: Attempt) -> None:
    """The call goes on with a third party, who was asked for nothing: it is recorded no more."""
    made = board.recordings.get(attempt.attempt_id)
    if made is not None and made.state in _LIVE:
        _tell(board, made, "stop")
    elif made is not None and made.state is RecordingState.ANNOUNCING:
        board.stop_timer(f"recording:{attempt.attempt_id}")
        _give_up(board, made, "the agent has left the call")


def link_down(board: Board) -> None:
    """What was asked of the switch may or may not have been done: whoever asked is told so."""
    for made in board.recordings.values():
        for action in set(made.waiting.values()):
            _answer(board, made, action, "the switch went away: ask again when it is back")


def adopted(board: Board, attempt: Attempt) -> None:
    """The switch has the conversation (again): what is not known of its recording is asked for, and what was
    wanted is told once more. Masking a masked recording, or unmasking one that is not, changes nothing."""
    made = board.recordings.get(attempt.attempt_id)
    if attempt.state is not AttemptState.CONNECTED:
        return
    if made is None:
        bridged(board, attempt)
    elif made.state is RecordingState.ANNOUNCING:
        board.timer(f"recording:{attempt.attempt_id}", _ANNOUNCE_SECONDS)
    elif made.state is not RecordingState.ENDED:
        _tell(board, made, _wish(made))


def load(board: Board, attempt: Attempt, found: OpenAttempt) -> None:
    """What the database knows of an open attempt's recording."""
    known = found.recording
    if known is None:
        return
    state = RecordingState.MASKED if known.masked else RecordingState.STARTING
    board.recordings[attempt.attempt_id] = Recording(
        attempt.attempt_id,
        attempt.leg_id,
        known.recording_id,
        known.path,
        board.campaigns[attempt.campaign_id].settings.recording.consent,
        state=RecordingState.ENDED if known.stopped else state,
        mask=known.masked,
    )


# --- commands of agents --------------------------------------------------------------------------------


def on_command(board: Board, command: OperatorCommand) -> str | None:
    """Start, stop, pause or resume: a refusal, or None where the switch's word is the answer."""
    attempt_id = str(command.payload.get("attempt_id", ""))
    agent = board.agents.get(command.agent_id or "")
    attempt = board.attempts.get(attempt_id)
    if agent is None or attempt is None or attempt.agent_id != agent.agent_id:
        return "the agent is not in that call"
    leg = board.legs.get(attempt.leg_id)
    if attempt.state is not AttemptState.CONNECTED or leg is None or leg.state is not LegState.BRIDGED:
        return "the agent is not in that call"
    if not board.link_up:
        return "the switch can't be asked at this moment: try again when it is back"
    if command.kind is CommandKind.RECORDING_START:
        return _asked_to_start(board, attempt, command)
    made = board.recordings.get(attempt_id)
    if made is None or made.state not in _LIVE:
        return _not_recording(board, made, command)
    if command.kind is CommandKind.RECORDING_STOP:
        action, made.stopped_by = "stop", command.command_id
    else:
        made.mask = command.kind is CommandKind.RECORDING_PAUSE
        action = "mask" if made.mask else "unmask"
    made.waiting[command.command_id] = action
    if made.state is not RecordingState.STARTING:
        _tell(board, made, action)
    return None  # of one that starts still, `_started` tells what is wanted


def _not_recording(board: Board, made: Recording | None, command: OperatorCommand) -> str | None:
    """Pausing what does not run is a mistake to be told of; stopping it is what was wanted."""
    if command.kind is not CommandKind.RECORDING_STOP:
        return "this call is not being recorded"
    if made is not None and made.state is RecordingState.ANNOUNCING:
        board.move_recording(made, RecordingEvent.END)
        board.stop_timer(f"recording:{made.attempt_id}")
        _answer(board, made, "start", "the recording was stopped before it began")
    return ""


def _asked_to_start(board: Board, attempt: Attempt, command: OperatorCommand) -> str | None:
    plan = board.campaigns[attempt.campaign_id].settings.recording
    made = board.recordings.get(attempt.attempt_id)
    if made is not None and made.state is not RecordingState.ENDED:
        return ""  # it runs already
    if not plan.records:
        return "this campaign's calls are not recorded"
    if plan.mode is RecordingMode.SHARE and not plan.chooses(attempt.attempt_id):
        return "this call is not one of those that are recorded"
    if plan.consent is RecordingConsent.ASKED and command.payload.get("consent") is not True:
        return "the person has to agree first: ask, and say so with `consent`"
    _begin(board, attempt, command)
    return None


def _answer(board: Board, made: Recording, action: str, refusal: str = "") -> None:
    """Finish the commands that wait for this action; an empty refusal: it was done."""
    for command_id in [key for key, asked in made.waiting.items() if asked == action]:
        del made.waiting[command_id]
        board.save(
            CommandFinished(
                command_id=command_id,
                status=CommandStatus.REFUSED if refusal else CommandStatus.DONE,
                at=board.wall,
                detail=refusal,
            )
        )
