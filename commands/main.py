"""The ``bwalpha`` command."""

from __future__ import annotations

import click

from commands.bundle import bundle
from commands.c import c
from commands.doctor import doctor
from commands.export import export_command
from commands.import_ import import_command
from commands.judge import judge_command
from commands.link import link
from commands.power import power
from commands.prompts import prompts_command
from commands.published import published
from commands.reference import reference
from commands.report import report
from commands.reread import reread_command
from commands.run import run
from commands.verify import verify


@click.group()
@click.version_option(package_name="bwalpha")
def main() -> None:
    """From the suite's logs to the headline α, and in and out of other layouts."""


for command in (
    bundle,
    c,
    doctor,
    export_command,
    import_command,
    judge_command,
    link,
    power,
    prompts_command,
    published,
    reference,
    report,
    reread_command,
    run,
    verify,
):
    main.add_command(command)
