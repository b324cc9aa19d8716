"""A process for the tests: says that it is up, then waits for a signal."""

import signal

print("up", flush=True)  # noqa: T201
signal.pause()
