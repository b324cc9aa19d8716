"""A browser as an agent's phone, at a real switch: SIP over wss, sound with keys from DTLS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from models.phones import PHONE_DOMAIN
from tests.e2e.browser import ARGUMENTS, chromium
from tests.freeswitch.desk import Desk, pair
from tests.freeswitch.phone import WebPhone
from tests.freeswitch.switch import LOOPBACK
from tests.integration.dialer.site import wait_for

pytestmark = pytest.mark.freeswitch
# Without the two, a browser tells no address of this machine's loopback.
OPEN = ("--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns")
ANSWER = """
async offer => {
  const peer = window.peer = new RTCPeerConnection();
  const sound = new AudioContext().createMediaStreamDestination().stream;
  sound.getTracks().forEach(track => peer.addTrack(track, sound));
  await peer.setRemoteDescription({type: "offer", sdp: offer});
  await peer.setLocalDescription(await peer.createAnswer());
  while (peer.iceGatheringState !== "complete")
    await new Promise(done => peer.addEventListener("icegatheringstatechange", done, {once: true}));
  return peer.localDescription.sdp;
}
"""
HEARD = """
async () => {
  let packets = 0, dtls = "";
  (await window.peer.getStats()).forEach(one => {
    if (one.type === "inbound-rtp") packets = one.packetsReceived;
    if (one.type === "transport") dtls = one.dtlsState;
  });
  return {packets, dtls};
}
"""


@pytest.fixture
def wss_port(desk: Desk) -> int:
    shown = desk.switch.ask("sofia status profile webrtc")
    found = re.search(r"^WSS-BIND-URL\s+sips?:\S+?:(\d+);", shown, re.MULTILINE)
    if found is None:
        pytest.skip("the switch has no profile `webrtc`: start it with RINGMASTER_WSS_PORT")
    return int(found[1])


@pytest.fixture
def page() -> Iterator[Page]:
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *OPEN])
        yield browser.new_page()
        browser.close()


def test_a_browser_registers_over_wss_alone(desk: Desk, wss_port: int) -> None:
    with WebPhone(wss_port) as phone:
        assert phone.register(None) == 401
        assert phone.register(("pabcdefghijkmnpq", "wrong")) == 403
        assert phone.register(pair(desk.login(desk.ours))) == 200
        shown = desk.switch.ask("sofia status profile webrtc reg")
        assert f"{desk.ours.agent_id}@{PHONE_DOMAIN}" in shown
        assert "WSS-NAT" in shown
        phone.register(pair(desk.login(desk.ours)), expires=0)
    with pytest.raises((WebSocketException, OSError, ssl.SSLError)):
        connect(f"ws://{LOOPBACK}:{wss_port}", open_timeout=2, compression=None).__enter__()


def test_it_is_offered_encrypted_sound_and_nothing_else(desk: Desk, wss_port: int) -> None:
    with WebPhone(wss_port) as phone:
        assert phone.register(pair(desk.login(desk.ours))) == 200
        desk.call(desk.ours, profile="webrtc")
        invite = phone.is_called()
        assert invite is not None
        offer = invite.raw
        assert re.findall(r"^m=audio \d+ (\S+)", offer, re.MULTILINE)[0].endswith("RTP/SAVPF")
        assert "a=fingerprint:sha-256" in offer
        assert "a=crypto" not in offer
        phone.answer(invite, "486 Busy Here")
        wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)


def test_a_browser_hears_the_switch(desk: Desk, wss_port: int, page: Page) -> None:
    with WebPhone(wss_port) as phone:
        assert phone.register(pair(desk.login(desk.ours))) == 200
        leg = desk.call(desk.ours, profile="webrtc", application="&playback(tone_stream://%(10000,0,440))")
        invite = phone.is_called()
        assert invite is not None
        own = page.evaluate(ANSWER, invite.raw.partition("\r\n\r\n")[2])
        phone.answer(invite, "200 OK", body=own)

        def heard() -> dict[str, Any] | None:
            found: dict[str, Any] = page.evaluate(HEARD)
            return found if found["packets"] > 20 else None

        found = wait_for("sound arrives", heard, 10)
        assert found["dtls"] == "connected"
        desk.switch.ask(f"uuid_kill {leg}")
        wait_for("the leg ends", lambda: desk.switch.channels() == 0, 5)
