"""Which recordings the simulator gives, and which it does not: the list the test runs and the docs show."""

from __future__ import annotations

# Compared in full: replies, event order per leg, states, causes, applications, header names, values, moments.
FULL = (
    "a01_auth_ok_exit",
    "a02_auth_wrong_password",
    "a03_command_before_auth",
    "a04_auth_variants",
    "a05_inbound_linger_exit",
    "a08_server_shutdown_while_connected",
    "a09_acl_rude_rejection",
    "b01_api_no_calls",
    "b02_api_with_calls",
    "b03_api_originate_blocks_connection",
    "c01_event_plain_all",
    "c02_event_json_all",
    "c04_event_list_and_custom",
    "c05_filters",
    "c08_heartbeat",
    "c10_verbose_events_on",
    "d01_answer_after_1s",
    "d01_answer_after_1s_json",
    "d02_answer_immediately_200_no_180",
    "d03_180_then_answer_2s",
    "d04_183_early_media_ignore_consume",
    "d04_183_early_media_ignore_true",
    "d04_183_early_media_return_ring_ready",
    "d04_183_early_media_then_answer",
    "d05_busy_486",
    "d05_busy_486_json",
    "d06_180_no_answer_leg_progress_timeout_2_only100",
    "d06_180_no_answer_leg_timeout_3",
    "d06_180_no_answer_originate_timeout_3",
    "d06_uuid_kill_before_any_reply",
    "d06_uuid_kill_while_ringing",
    "d06_uuid_kill_while_ringing_cause_ORIGINATOR_CANCEL",
    "d07_not_found_404",
    "d08_service_unavailable_503",
    "d09_decline_603",
    "d10_temporarily_unavailable_480",
    "d11_no_response_at_all_timerB",
    "d12_only_100_trying_timeout20",
    "d13_no_response_default_timeout",
    "d14_180_no_answer_default_timeout",
    "d16_answer_and_audio",
    "d18_early_media_then_486",
    "d18_early_media_then_486_ignore",
    "d20_480_reason_q850_20",
    "d21_server_error_500",
    "d22_busy_everywhere_600",
    "d24_port_closed_icmp",
    "d25_gateway_down_ping",
    "d26_gateway_invalid",
    "d28_empty_number",
    "d28_unknown_endpoint",
    "d28_unknown_profile",
    "d28_user_not_registered",
    "d31_exec_on_answer_and_inline",
    "d32_inline_app_playback",
    "d33_extension_dialplan",
    "d35_hangup_after_app_ends_info",
    "d39_execute_on_originate_wait_for_ring",
    "d40_duplicate_origination_uuid",
    "d41_variable_escaping",
    "d42_limit_default_sps_30_burst60",
    "d43_limit_max_sessions_5",
    "d43_limit_sps_3",
    "d44_fsctl_pause_and_min_idle",
    "e01_onhook_agent_uuid_bridge",
    "e03_nailed_agent_first_hangup_after_bridge_false",
    "e03_nailed_agent_first_hangup_after_bridge_true_both",
    "e03_nailed_agent_first_none",
    "e03_nailed_agent_first_park_after_bridge_and_hangup_after_bridge_false",
    "e03_nailed_agent_first_park_after_bridge_true",
    "e03_nailed_agent_first_park_both",
    "e03_nailed_customer_first_hangup_after_bridge_false",
    "e03_nailed_customer_first_hangup_after_bridge_true_both",
    "e03_nailed_customer_first_none",
    "e03_nailed_customer_first_park_after_bridge_and_hangup_after_bridge_false",
    "e03_nailed_customer_first_park_after_bridge_true",
    "e03_nailed_customer_first_park_both",
    "e04_nailed_endless_moh_park",
    "e04_nailed_hold_music_park",
    "e04_nailed_playback_moh_park",
    "e05_agent_bye_first_customer_hangup_after_bridge_true",
    "e05_agent_bye_first_customer_park_after_bridge",
    "e06_customer_bye_agent_stays",
    "e09_late_setvar_and_unbridge",
    "f02_uuid_transfer_inline_park",
    "f07_safe_harbour_broadcast_hangup_suffix",
    "f07_safe_harbour_broadcast_then_hangup",
    "f07_safe_harbour_customer_hangs_up_in_message",
    "f07_safe_harbour_transfer_inline_playback_hangup",
)
# Compared without header names and values: replies, event order, states, causes, applications.
EVENTS_ONLY = ("e07_bridge_to_dead_leg",)

NOT_COVERED = {
    "a08_server_shutdown_normal_while_connected": "MODULE_UNLOAD events are not made",
    "c03_event_xml_all": "no XML events",
    "c07_myevents_json": "the leg of the recording was made by another connection",
    "c09_sendevent": "the reply is given, the event is not fired",
    "d17_answer_then_dtmf_rfc2833": "no DTMF",
    "d29, d30": "no loopback and null endpoints",
    "d34, e02": "no `bridge` application",
    "d36, d38": "forks, failover and originate_retries are refused or ignored; a dialer must not use them",
    "e04 exec_after_bridge, transfer_after_bridge": "modelled, not held to the recordings",
    "e10_race_uuid_bridge_on_answer": "modelled with a seeded probability; the recording left replies out",
    "f01_hold_on_off": "hold without the music on the other leg",
    "f02 a_leg, bleg": "transfer to an XML extension",
    "f03, f04, f05, f06, f10, f12": "no att_xfer, conference, eavesdrop, recording, digits, tone detection",
    "f11, f13": "sched_transfer, sched_broadcast and rare uuid_ commands",
    "g01-g08": "no outbound socket; sendmsg does execute and hangup only",
    "h01": "no mod_callcenter",
    "i01_mixed_campaign_200_calls_10cps": "its random far ends are not those of the model",
    "j01": "no inbound calls",
}

# Given by the simulator, and not played against a real switch (tests/freeswitch/test_recordings.py).
NOT_LIVE = {
    "a08_server_shutdown_while_connected": "it ends the switch",
    "a09_acl_rude_rejection": "the switch lets this machine in",
    "d42_limit_default_sps_30_burst60": "its burst has to fall within one second of the switch's own count",
    "e04_nailed_endless_moh_park": "no music on hold in deploy/freeswitch",
    "e04_nailed_hold_music_park": "no music on hold in deploy/freeswitch",
    "e04_nailed_playback_moh_park": "no music on hold in deploy/freeswitch",
}


def as_markdown() -> str:
    """The lists as docs/reference/softswitch.md shows them, between its markers."""
    lines = [f"**{len(FULL)} recordings given in full:**", ""]
    lines += [f"- `{name}`" for name in FULL]
    lines += [
        "",
        "**Given without header names and values** (replies, order, states, causes, applications):",
        "",
    ]
    lines += [f"- `{name}`" for name in EVENTS_ONLY]
    lines += ["", "**Not given:**", "", "| recording | why |", "| --- | --- |"]
    lines += [f"| {name} | {why} |" for name, why in NOT_COVERED.items()]
    return "\n".join(lines)
