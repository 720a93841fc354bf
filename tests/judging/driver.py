"""The judging step as a process of its own: `python -m tests.judging.driver PROVIDER URL FOLDER`."""

import json
import sys
from pathlib import Path

import click

from judging.calls import JudgeReply, JudgeSettings
from judging.realtime import Stop
from judging.step import judge, run
from protocol.errors import ProtocolError
from tests.judging.providing import LIMITS, FaultServer, requests


@click.command()
@click.argument("provider")
@click.argument("url")
@click.argument("folder", type=Path)
@click.option("--batch", is_flag=True)
@click.option("--names", default="sonnet", help="Judges, side by side.")
@click.option("--number", default=6, help="How many requests.")
@click.option("--wait", is_flag=True, help="Wait for a line before anything is asked.")
def main(
    provider: str, url: str, folder: Path, batch: bool, names: str, number: int, wait: bool
) -> None:
    if wait:
        sys.stdin.readline()

    def step(name: str):  # type: ignore[no-untyped-def]
        made = FaultServer(url).settings(provider)
        settings = JudgeSettings(name, made.model, made.config, made.base_url)

        async def asked(stop: Stop) -> list[JudgeReply]:
            return await judge(
                requests(number), settings, folder, batch=batch, limits=LIMITS, stop=stop
            )

        return asked

    try:
        found = run(*[step(name) for name in names.split(",")])
    except ProtocolError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    print(
        json.dumps(
            [
                [reply.output.completion if reply.output else None for reply in replies]
                for replies in found
            ]
        )
    )


if __name__ == "__main__":
    main()
