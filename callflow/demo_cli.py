"""`ringmaster demo`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop after so many real seconds of dialing; 0: at Ctrl-C.")
    ] = 0.0,
    speed: Annotated[float, typer.Option(min=1, max=100, help="How many times as fast as real.")] = 1.0,
    agents: Annotated[int, typer.Option(min=1, max=500, help="Simulated agents.")] = 50,
    answer_probability: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share of dials that a person answers.")
    ] = 0.3,
    target: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Target abandon rate, as a fraction.")
    ] = 0.03,
    leads: Annotated[int, typer.Option(min=10, max=20_000, help="Rows of each file of people.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")] = 1,
    data_dir: Annotated[
        Path, typer.Option(help="Where database, logs and people are kept; a later run goes on with them.")
    ] = Path(".ringmaster"),
    drain_max: Annotated[
        float, typer.Option(min=0, help="Campaign seconds that calls may take to finish at the end.")
    ] = 120.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="The figures as one JSON line at the end; all else on stderr.")
    ] = False,
    keep_postgres: Annotated[
        bool, typer.Option("--keep-postgres", help="Leave the private PostgreSQL running, to look inside.")
    ] = False,
    http_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page on 127.0.0.1; 0: any free one.")
    ] = 0,
) -> None:
    """Show the whole dialer at work on this machine: simulated people, agents and switch."""
    from callflow.demo import Options, run

    code = run(
        Options(
            seconds=seconds,
            speed=speed,
            agents=agents,
            answer_probability=answer_probability,
            target=target,
            leads=leads,
            seed=seed,
            data_dir=data_dir,
            drain_max=drain_max,
            as_json=as_json,
            keep_postgres=keep_postgres,
            http_port=http_port,
        )
    )
    raise typer.Exit(code)
