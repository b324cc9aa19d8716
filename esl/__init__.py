"""FreeSWITCH Event Socket: codec, events, commands, client, link; and a softswitch to test against."""
