"""SIPp scenarios that do what the simulator's far ends do (esl.simulator.callees.FarEnd), made from them.

So the recordings' gateways, named after their behaviour, exist on both sides from one table.
"""

from __future__ import annotations

from esl.simulator.callees import FarEnd

SIP_LAG_SECONDS = 0.02
"""A FarEnd counts from the INVITE at the switch and sees a reply one tick later; SIPp sends it at once."""
FOR_EVER_MS = 3_600_000
REASONS = {403: "Forbidden", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here"}
Q850 = {"SUBSCRIBER_ABSENT": 20}

_INVITED = """
  <recv request="INVITE" rrs="true">
    <action>
      <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
      <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
      <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
    </action>
  </recv>
  <Reference variables="from,to,cseq"/>"""
_SDP = """Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=far 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000"""
_NO_BODY = "Content-Length: 0\n"
_CANCELLED = '<label id="cancelled"/>'


def scenario(end: FarEnd) -> str:
    """The XML of a scenario; from `answer` on the far end stays until it is let go, or leaves by itself."""
    steps = [_INVITED]
    now = 0.0
    for when, line, body in (
        (0.0 if end.trying else None, "100 Trying", _NO_BODY),
        (end.ring, "180 Ringing", _NO_BODY),
        (end.early, "183 Session Progress", _SDP),
    ):
        if when is not None:
            steps.append(_reply(line, body))
            now = when
    if end.fail is not None:
        when, status = end.fail
        steps += [_pause(when - max(now, SIP_LAG_SECONDS), "fail"), _fail(status, end.reason_cause)]
    elif end.answer is not None:
        steps += [_pause(end.answer - max(now, SIP_LAG_SECONDS), "answer"), _answered(end.bye_after_answer)]
    else:
        steps.append(f'<recv request="CANCEL" timeout="{FOR_EVER_MS}" ontimeout="end" next="cancelled"/>')
    steps.append(_closing())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="far end">'
        + "\n  ".join(steps)
        + "\n</scenario>\n"
    )


def _pause(seconds: float, then: str) -> str:
    """Wait, in which the switch may give the call up; then go on at `then`."""
    wait = f'<recv request="CANCEL" timeout="{round(1000 * seconds)}" ontimeout="{then}" next="cancelled"/>'
    return (wait if seconds >= 0.001 else "") + f'\n  <label id="{then}"/>'


def _fail(status: int, reason_cause: str | None) -> str:
    reason = f"Reason: Q.850;cause={Q850[reason_cause]}\n      " if reason_cause else ""
    line = f"{status} {REASONS.get(status, 'Failure')}"
    return _reply(line, reason + _NO_BODY, retrans=True) + '\n  <recv request="ACK" next="end"/>'


def _answered(bye_after: float | None) -> str:
    stays = FOR_EVER_MS if bye_after is None else round(1000 * bye_after)
    return (
        _reply("200 OK", _SDP, retrans=True)
        + f"""
  <recv request="ACK"/>
  <recv request="BYE" timeout="{stays}" ontimeout="bye" next="ended"/>
  <label id="bye"/>
  <send retrans="500">
    <![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From:[$to];tag=far[call_number]
      To:[$from]
      Call-ID: [call_id]
      CSeq: 1 BYE
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>
  <recv response="200" next="end"/>
  <label id="ended"/>"""
        + _reply("200 OK", _NO_BODY, tag="")
        + '\n  <nop next="end"/>'
    )


def _closing() -> str:
    terminated = _reply("487 Request Terminated", _NO_BODY, retrans=True).replace(
        "[last_CSeq:]", "CSeq:[$cseq]"
    )
    return (
        f"{_CANCELLED}{_reply('200 OK', _NO_BODY)}{terminated}"
        '\n  <recv request="ACK"/>\n  <label id="end"/>\n  <nop/>'
    )


def _reply(line: str, body: str, *, retrans: bool = False, tag: str = ";tag=far[call_number]") -> str:
    return f"""
  <send{' retrans="500"' if retrans else ""}>
    <![CDATA[
      SIP/2.0 {line}
      [last_Via:]
      [last_From:]
      [last_To:]{tag}
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port];transport=[transport]>
      {body}
    ]]>
  </send>"""
