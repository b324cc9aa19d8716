"""Commands of people and programs: each is answered with what the dialer did, once."""

from __future__ import annotations

from collections.abc import Callable

from callflow.engine import agents, closing, conversation, recording, recovery, third_party, transfers
from callflow.engine.board import Agent, Board, Campaign
from callflow.engine.config import MIN_RING_SECONDS
from callflow.engine.dialing import ring_time_over
from callflow.engine.tables import AgentEvent, LegState
from callflow.inputs import Commanded
from esl import commands
from models.dispositions import ANSWERING_MACHINE
from models.enums import AgentState, CampaignState, CommandKind, CommandStatus
from models.records import CommandFinished, NoteAdded, OperatorCommand


def on_command(board: Board, asked: Commanded, add_campaign: Callable[[Commanded], None]) -> None:
    """Do it, or refuse it with a sentence that says why."""
    command = asked.command
    if asked.campaign is not None and asked.campaign.campaign_id not in board.campaigns:
        add_campaign(asked)
    if asked.agent is not None and asked.agent.agent_id not in board.agents:
        recovery.add_agent(board, asked.agent)
    refusal: str | None
    if command.kind is CommandKind.AGENT_TRANSFER and "number" in command.payload:
        agent = _agent(board, command)
        refusal = _NO_AGENT if agent is None else third_party.to_number(board, agent, command, asked.verdict)
    else:
        refusal = _HANDLERS[command.kind](board, command)
    if refusal is None:
        return  # answered when the switch has
    board.save(
        CommandFinished(
            command_id=command.command_id,
            status=CommandStatus.REFUSED if refusal else CommandStatus.DONE,
            at=board.wall,
            detail=refusal,
        )
    )


def _campaign(board: Board, command: OperatorCommand) -> Campaign | None:
    return board.campaigns.get(command.campaign_id or "")


def _agent(board: Board, command: OperatorCommand) -> Agent | None:
    return board.agents.get(command.agent_id or "")


_NO_CAMPAIGN = "no such campaign on this dialer: name one that `ringmaster campaign list` shows"
_NO_AGENT = "no such agent on this dialer: log the agent in first"


def _of_agent(act: Callable[[Board, Agent, OperatorCommand], str]) -> Callable[[Board, OperatorCommand], str]:
    """What a room does for an agent who is known here."""

    def handle(board: Board, command: OperatorCommand) -> str:
        agent = _agent(board, command)
        return _NO_AGENT if agent is None else act(board, agent, command)

    return handle


def _campaign_state(state: CampaignState) -> Callable[[Board, OperatorCommand], str]:
    def handle(board: Board, command: OperatorCommand) -> str:
        campaign = _campaign(board, command)
        if campaign is None:
            return _NO_CAMPAIGN
        if campaign.settings.state is not state:
            closing.set_campaign(board, campaign, state=state)
        closing.finish_wind_down(board, campaign)
        return ""

    return handle


def _target(board: Board, command: OperatorCommand) -> str:
    campaign = _campaign(board, command)
    if campaign is None:
        return _NO_CAMPAIGN
    try:
        target = float(command.payload.get("target", "nan"))
    except (TypeError, ValueError):
        return "the target must be a number such as 0.03"
    if not 0.0 < target <= campaign.settings.cap:
        return f"the target must be above 0 and at most the cap, {campaign.settings.cap:g}"
    campaign.pacer.set_target(target)
    closing.set_campaign(board, campaign, target=target)
    return ""


def _stop_all(board: Board, command: OperatorCommand) -> str:
    """Nothing is dialed from this step on, for the campaigns that the command names, or for any.

    Ringing calls are given up where that is lawful already.
    """
    named = command.payload.get("campaigns")
    chosen = {str(one) for one in (named if isinstance(named, list) else board.campaigns)}
    for campaign_id, campaign in board.campaigns.items():
        if campaign_id in chosen and campaign.settings.state is CampaignState.RUNNING:
            closing.set_campaign(board, campaign, state=CampaignState.PAUSED)
    for leg in list(board.legs.values()):
        attempt = board.attempts.get(leg.owner_id)
        if attempt is None or attempt.campaign_id not in chosen:
            continue
        rung = board.now - board.engine_time_of(leg.progress_us) if leg.progress_us else 0.0
        if leg.state is LegState.RINGING and rung >= MIN_RING_SECONDS:
            ring_time_over(board, leg)
    return ""


def _login(board: Board, command: OperatorCommand) -> str:
    agent = _agent(board, command)
    if agent is None:
        return _NO_AGENT
    campaign_id = command.campaign_id or agent.campaign_id
    if campaign_id not in board.campaigns:
        return _NO_CAMPAIGN
    if agent.state is not AgentState.LOGGED_OUT:
        return (
            "" if agent.campaign_id == campaign_id else "already logged in to another campaign: log out first"
        )
    agent.campaign_id, agent.next, agent.phone_failures = campaign_id, "", 0
    board.move_agent(agent, AgentEvent.LOGIN)
    agents.connect_phone(board, agent)
    return ""


def _logout(board: Board, command: OperatorCommand) -> str:
    agent = _agent(board, command)
    if agent is None:
        return _NO_AGENT
    in_doubt = bool(agent.leg_id) and (agent.leg_id in board.resyncing or not board.link_up)
    if agent.state is AgentState.RESERVED or agent.state.is_talking:
        _after_call(board, agent, "logout", command)
    elif agent.state is AgentState.CONNECTING and in_doubt:
        # They may be in a conversation that the dialer before this one made: not to be cut.
        _after_call(board, agent, "logout", command)
    elif agent.state is AgentState.WRAP_UP:
        _after_call(board, agent, "logout", command)
        agents.wrapped(board, agent)
    elif agent.state is not AgentState.LOGGED_OUT:
        board.move_agent(agent, AgentEvent.LOGOUT, reason=_reason(command))
        agents.hang_up_phone(board, agent)
    return ""


def _pause(board: Board, command: OperatorCommand) -> str:
    agent = _agent(board, command)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        return _NO_AGENT
    if agent.state in (AgentState.RESERVED, AgentState.WRAP_UP) or agent.state.is_talking:
        _after_call(board, agent, "pause", command)
    elif agent.state is not AgentState.PAUSED:
        board.move_agent(agent, AgentEvent.PAUSE, reason=_reason(command))
    return ""


def _ready(board: Board, command: OperatorCommand) -> str:
    agent = _agent(board, command)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        return _NO_AGENT
    if agent.next == "pause":
        agent.next = ""
        board.tell_pacer(agent)
    if agent.state is AgentState.WRAP_UP:
        agents.wrapped(board, agent)
    elif agent.state is AgentState.PAUSED:
        board.move_agent(agent, AgentEvent.RESUME if agent.leg_ready else AgentEvent.RESUME_NO_LEG)
        agents.connect_phone(board, agent)
    return ""


def _hang_up(board: Board, command: OperatorCommand) -> str:
    """End a conversation: the customer's leg is cut, the agent's own one stays for the next call.

    The call is named: a command that comes late must not cut the next one. What follows (wrap-up, the
    attempt's outcome) comes of the switch's word that the leg is gone.
    """
    agent = _agent(board, command)
    if agent is None:
        return _NO_AGENT
    named = str(command.payload.get("attempt_id", ""))
    if not agent.state.is_talking or agent.attempt_id != named:
        return "" if named and named == agent.last_attempt_id else "the agent is not in that call"
    attempt = board.attempts.get(named)
    leg = board.legs.get(attempt.leg_id) if attempt else None
    if leg is None or not board.link_up:
        return "the switch can't be asked at this moment: try again when it is back"
    board.send(commands.uuid_kill(leg.leg_id, "NORMAL_CLEARING"))
    board.timer(f"watch:{leg.leg_id}", 2.0)
    return ""


def _disposition(board: Board, command: OperatorCommand) -> str:
    agent = _agent(board, command)
    if agent is None:
        return _NO_AGENT
    attempt_id = str(command.payload.get("attempt_id") or agent.attempt_id or agent.last_attempt_id)
    word = str(command.payload.get("disposition", "")).strip()
    if not attempt_id:
        return "no call to give a disposition to"
    if not word:
        return "a disposition must have a name"
    attempt = board.attempts.get(attempt_id)
    if attempt is not None and attempt.agent_id == agent.agent_id:
        attempt.machine = word == ANSWERING_MACHINE
    board.save(
        NoteAdded(
            id=board.new_id(),
            attempt_id=attempt_id,
            agent_id=agent.agent_id,
            disposition=word[:100],
            at=board.wall,
            text=str(command.payload.get("text", ""))[:4000],
        )
    )
    if agent.state is AgentState.WRAP_UP and attempt_id == agent.last_attempt_id:
        agents.wrapped(board, agent)
    return ""


def _after_call(board: Board, agent: Agent, wish: str, command: OperatorCommand) -> None:
    agent.next, agent.next_reason = wish, _reason(command)
    board.tell_pacer(agent)


def _reason(command: OperatorCommand) -> str:
    return str(command.payload.get("reason", ""))[:200]


_HANDLERS: dict[CommandKind, Callable[[Board, OperatorCommand], str | None]] = {
    CommandKind.CAMPAIGN_START: _campaign_state(CampaignState.RUNNING),
    CommandKind.CAMPAIGN_PAUSE: _campaign_state(CampaignState.PAUSED),
    CommandKind.CAMPAIGN_STOP: _campaign_state(CampaignState.WINDING_DOWN),
    CommandKind.CAMPAIGN_TARGET: _target,
    CommandKind.STOP_ALL: _stop_all,
    CommandKind.AGENT_LOGIN: _login,
    CommandKind.AGENT_LOGOUT: _logout,
    CommandKind.AGENT_PAUSE: _pause,
    CommandKind.AGENT_READY: _ready,
    CommandKind.AGENT_HANG_UP: _hang_up,
    CommandKind.AGENT_HOLD: _of_agent(third_party.hold),
    CommandKind.AGENT_MUTE: _of_agent(conversation.mute),
    CommandKind.AGENT_DIGITS: _of_agent(conversation.digits),
    CommandKind.AGENT_TRANSFER: _of_agent(transfers.to_agent),
    CommandKind.DISPOSITION: _disposition,
    CommandKind.RECORDING_START: recording.on_command,
    CommandKind.RECORDING_STOP: recording.on_command,
    CommandKind.RECORDING_PAUSE: recording.on_command,
    CommandKind.RECORDING_RESUME: recording.on_command,
}
