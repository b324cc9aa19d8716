"""The same M/M/n queue in our simulator, in Ciw and in SimPy: the same callers, equal to the nanosecond.

The simulator draws each caller from a stream of its own (pacing_core/src/random.rs, lab/fate.rs); here they
are drawn again and given to the two peers. So all three must find the same waits, and ours are held to
Erlang C. An event is an arrival or an end of service. Times are of the simulation alone, its model built
before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kept import Task, Value, digest, machine
from benchmarks.levels import Level
from pacing_core import Scenario, erlang_c, interval, simulate

# Servers, and the share of them that is busy.
SYSTEMS = ((10, 0.8), (100, 0.95))
SERVICE_SECONDS = 1.0
SEED = 1
_STEP = np.uint64(0x9E3779B97F4A7C15)
_ARRIVALS, _INBOUND = 3 << 56, 2 << 56

Floats = NDArray[np.float64]


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's output for states that were just stepped."""
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _streams(seed: int, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The state of each stream before its first draw."""
    product = numbers * _STEP
    state = np.uint64(seed) ^ ((product << np.uint64(23)) | (product >> np.uint64(41)))
    state = state + _STEP
    return state ^ _mixed(state)


def _uniform(bits: NDArray[np.uint64]) -> Floats:
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 9007199254740992.0


def callers(count: int, per_hour: float, seed: int) -> tuple[Floats, Floats]:
    """Arrival times and service times of the first callers, as the simulator draws them."""
    with np.errstate(over="ignore"):
        first = _streams(seed, np.array([_ARRIVALS], dtype=np.uint64))
        gaps = _uniform(_mixed(first + _STEP * np.arange(1, count + 1, dtype=np.uint64)))
        own = _streams(seed, np.uint64(_INBOUND) | np.arange(1, count + 1, dtype=np.uint64))
        shares = _uniform(_mixed(own + _STEP))
    arrivals = np.empty(count)
    now = 0.0
    for at, gap in enumerate(-np.log(gaps) * 3600.0 / per_hour):
        now = round((now + gap) * 1e9) * 1e-9
        arrivals[at] = now
    return arrivals, -SERVICE_SECONDS * np.log(1.0 - shares)


def model(servers: int, per_hour: float, last: float) -> Scenario:
    """The queue as a scenario that nobody dials in; its last caller comes at second `last`."""
    text = (
        f"agents = {servers}\nseconds = {last + 1e-6!r}\nwarmup_seconds = 0.0\ndecide_seconds = 1.0\n"
        f"decide_on_change = false\ntalk = {{ kind = 'exponential', mean = {SERVICE_SECONDS} }}\n"
        f"inbound = {{ per_hour = {per_hour!r} }}"
    )
    return Scenario.named("exponential", text)


def ours(servers: int, per_hour: float, arrivals: Floats, services: Floats) -> tuple[float, float]:
    """Mean wait, and seconds of work."""
    made = model(servers, per_hour, float(arrivals[-1]))
    began = time.process_time()
    run = simulate(made, "constant(rate=0)", [SEED], threads=1)[0]
    spent = time.process_time() - began
    if run.inbound != len(arrivals):
        raise RuntimeError(f"{run.inbound} callers instead of {len(arrivals)}: not the same draws")
    return run.inbound_wait_seconds / run.inbound, spent


def in_simpy(servers: int, per_hour: float, arrivals: Floats, services: Floats) -> tuple[float, float]:
    """The customary model: a process for each caller, who requests a resource."""
    simpy: Any = import_module("simpy")
    env = simpy.Environment()
    agents = simpy.Resource(env, servers)
    waits: list[float] = []

    def caller(service: float) -> Iterable[object]:
        came = env.now
        with agents.request() as request:
            yield request
            waits.append(env.now - came)
            yield env.timeout(service)

    def source() -> Iterable[object]:
        for at, service in zip(arrivals.tolist(), services.tolist(), strict=True):
            yield env.timeout(at - env.now)
            env.process(caller(service))

    env.process(source())
    began = time.process_time()
    env.run()
    return sum(waits) / len(waits), time.process_time() - began


def in_ciw(servers: int, per_hour: float, arrivals: Floats, services: Floats) -> tuple[float, float]:
    """One node, first come first served."""
    ciw: Any = import_module("ciw")
    gaps = np.diff(arrivals, prepend=0.0)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps.tolist(), math.inf])],
        service_distributions=[ciw.dists.Sequential(services.tolist())],
        number_of_servers=[servers],
    )
    simulation = ciw.Simulation(network)
    began = time.process_time()
    simulation.simulate_until_max_customers(len(arrivals), method="Finish")
    spent = time.process_time() - began
    records = simulation.get_all_records()
    return sum(record.waiting_time for record in records) / len(records), spent


ENGINES: dict[str, Callable[[int, float, Floats, Floats], tuple[float, float]]] = {
    "ringmaster": ours,
    "simpy": in_simpy,
    "ciw": in_ciw,
}


def compare(servers: int, busy: float, customers: int, few: int) -> Value:
    """Each engine on the same callers, the best of three times; ours also on more, and on ten seeds."""
    load = servers * busy
    per_hour = load / SERVICE_SECONDS * 3600.0
    arrivals, services = callers(customers, per_hour, SEED)
    rows = []
    for name, simulated in ENGINES.items():
        for count in (few, customers) if name == "ringmaster" else (few,):
            found = [simulated(servers, per_hour, arrivals[:count], services[:count]) for _ in range(3)]
            rows.append(
                {
                    "engine": name,
                    "version": version(name),
                    "customers": count,
                    "mean_wait": found[0][0],
                    "events_per_second": 2 * count / min(spent for _, spent in found),
                }
            )
    made = model(servers, per_hour, float(arrivals[-1]))
    runs = simulate(made, "constant(rate=0)", range(1, 11))
    return {
        "servers": servers,
        "load": load,
        "theory": erlang_c(servers, load) * SERVICE_SECONDS / (servers - load),
        "simulated": interval([run.inbound_wait_seconds / run.inbound for run in runs]),
        "rows": rows,
    }


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """One for each system."""
    for servers, busy in SYSTEMS:
        what = {
            "stage": "engines",
            "servers": servers,
            "busy": busy,
            "customers": [level.customers, level.customers // 10],
            "versions": [version(name) for name in ENGINES],
            "code": digest(Path(__file__).read_bytes()),
            "machine": machine(),
        }
        run = partial(compare, servers, busy, level.customers, level.customers // 10)
        yield Task(what, f"M/M/{servers} at {busy:.0%} in three engines", run)


def missing() -> str | None:
    """Which peer is not installed."""
    for name in ENGINES:
        try:
            version(name)
        except PackageNotFoundError:
            return f"{name} is not installed: make bench installs it (requirements-bench.lock)"
    return None
