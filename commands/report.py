"""``bwalpha report``: the headline of any logs."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import (
    NEW_FOLDER,
    as_typed,
    common_folder,
    load,
    one_line_errors,
    table_console,
)


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--out", type=NEW_FOLDER, help="Write JSON, Markdown, CSV and figures into this folder."
)
@click.option(
    "--compare",
    "pairs",
    multiple=True,
    metavar="A:B",
    help="Also compare condition A with condition B; as often as you like.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    help="Also test whether compared conditions lie within this many points of each other.",
)
@click.option("--published", is_flag=True, help="Show the published rows in any case.")
@click.option(
    "--link",
    "link_path",
    type=click.Path(path_type=Path),
    help="A link file of bwalpha link: α on a retired judge's scale, beside the measured one.",
)
@click.option(
    "--c",
    "c_path",
    type=click.Path(path_type=Path),
    help="A c.json of bwalpha c: α against measured C.",
)
def report(
    logs: tuple[str, ...],
    out: Path | None,
    pairs: tuple[str, ...],
    margin: float | None,
    published: bool,
    link_path: Path | None,
    c_path: Path | None,
) -> None:
    """Print the headline table of the LOGS (log files or folders)."""
    from commands.extremes import extremes
    from reports.build import build_headline
    from reports.differences import Asked
    from reports.tables import print_headline, say

    loaded = load(logs)
    console = table_console()
    with one_line_errors():
        link = None
        if link_path is not None:
            from linking.linkfile import read_link

            link = read_link(link_path)
        headline = build_headline(loaded, Asked(pairs, margin), published, link)
        measured, planes = None, []
        if c_path is not None:
            from likeness.c_file import read_c
            from reports.measured_c import measured_planes

            measured = read_c(c_path)
            planes = measured_planes(measured, headline)
        if out is not None:
            # Written before it is printed, so that `| head` loses nothing.
            from reports.writers import write_report

            write_report(headline, out)
            for number, plane in enumerate(planes, start=1):
                from reports.measured_c_figure import draw_plane

                draw_plane(
                    plane, out, "_".join(["alpha_measured_c", *[str(number)] * (number > 1)])
                )
        splits = extremes(loaded, out, measured)
    print_headline(headline, console)
    for line in [answer for plane in planes for answer in plane.answers] + splits:
        say(console, line)
    if out is not None:
        say(console, f"written to {out}", soft_wrap=True)
    folder = common_folder(loaded)
    if out is None and "://" not in folder:
        say(console, "tables, figures and a write-up:", soft_wrap=True)
        say(
            console,
            as_typed("bwalpha", "report", *logs, "--out", f"{folder}-report"),
            soft_wrap=True,
        )
    if any(run.simulated for run in loaded.runs):
        say(console, "a real run, once bwalpha doctor finds nothing missing:", soft_wrap=True)
        say(console, "make alpha MODEL=vllm/Qwen/Qwen2.5-7B-Instruct", soft_wrap=True)
    say(console, "the transcripts:", soft_wrap=True)
    say(console, as_typed("inspect", "view", "--log-dir", folder), soft_wrap=True)
