"""The whole system in virtual time, in one process, deterministic from a seed."""
