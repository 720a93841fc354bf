"""``bwalpha c``: the other axis, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.shared import NEW_FOLDER, load, one_line_errors, table_console

if TYPE_CHECKING:
    from rich.console import Console

    from likeness.c_file import CFile, LeftOut
    from likeness.cache import Cached
    from likeness.placing import Placing
    from likeness.texts import Texts
    from runs.run import Loaded, Run


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option("--em", metavar="LOG", help="The EM finetune's completions.")
@click.option("--base", metavar="LOG", help="The base model's completions.")
@click.option("--negatives", multiple=True, metavar="LOG", help="Further completions of class 0.")
@click.option(
    "--scale",
    type=click.Choice(["published"]),
    help="The source's own scale, refitted, instead of one from --em and --base.",
)
@click.option("--out", type=NEW_FOLDER, help="Write c.json, c.csv, figure and extremes here.")
@click.option("--encoder", "folder", metavar="DIR", help="Folder of the sentence encoder's files.")
@click.option(
    "--cache",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the embeddings.  [default: in the user's cache]",
)
@click.option(
    "--regularisation",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Of the fit; smaller is stronger.",
)
def c(
    logs: tuple[str, ...],
    em: str | None,
    base: str | None,
    negatives: tuple[str, ...],
    scale: str | None,
    out: Path | None,
    folder: str | None,
    cache: Path | None,
    regularisation: float,
) -> None:
    """Place the LOGS (files or folders) on C: how far their completions look like a finetune's.

    Logs without verdicts count too. The figure of α against C needs verdicts.
    """
    if scale is None and not (em and base):
        raise click.UsageError("Give --em LOG and --base LOG, or --scale published.")
    if scale is not None and (em or base or negatives or regularisation != 1.0):
        raise click.UsageError(
            "--scale published has its own completions and fit: leave --em, --base, --negatives and "
            "--regularisation out."
        )
    with one_line_errors():
        from likeness.fit import FitSettings
        from likeness.placing import place, place_published
        from likeness.published import published_texts, refit
        from likeness.texts import one_run

        encoder = make_encoder(folder, cache)
        console = table_console()
        training: list[Run] = []
        if scale is not None:
            found, null, metrics = published_texts()
            loaded = load(logs, unjudged=True)
            runs, left_out = _read(loaded, ())
            fitted = refit(found, null, encoder)
            placing = place_published(runs, fitted, fitted.checks(metrics), encoder)
        else:
            training = [one_run(str(em), "--em"), one_run(str(base), "--base")]
            training += [one_run(log, "--negatives") for log in negatives]
            loaded = load(logs, unjudged=True)
            runs, left_out = _read(loaded, training)
            placing = place(
                runs[0],
                runs[1],
                runs[2 : len(training)],
                runs[len(training) :],
                encoder,
                FitSettings(regularisation=regularisation),
            )
        file = placing.file.model_copy(update={"left_out": [*left_out, *placing.file.left_out]})
        written = [] if out is None else _write(file, placing, training, loaded, out)
        _print(file, console)
        for text in written:
            console.print(text, soft_wrap=True, highlight=False, markup=False)


def make_encoder(folder: str | None, cache: Path | None) -> Cached:
    """The sentence encoder behind its cache, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from likeness.cache import Cached
    from likeness.encoder import MiniLM

    errors = Console(stderr=True)
    progress = Progress(console=errors, transient=True, disable=not errors.is_terminal)
    bar = progress.add_task("embedding", total=None, visible=False)

    def shown(done: int, total: int) -> None:
        progress.update(bar, completed=done, total=total, visible=True)
        progress.start() if done < total else progress.stop()

    return Cached(MiniLM(folder), cache, shown)


def _read(loaded: Loaded, training: Sequence[Run]) -> tuple[list[Texts], list[LeftOut]]:
    """The completions of all runs, those of the scale first, and what has none."""
    from rich.console import Console
    from rich.progress import track

    from likeness.c_file import LeftOut
    from likeness.texts import identity, read_texts
    from protocol.errors import ProtocolError

    _check_different(training)
    runs = {identity(run): run for run in reversed([*training, *loaded.runs])}
    ordered = [*training, *(run for run in loaded.runs if runs.get(identity(run)) is run)]
    left_out = [LeftOut(log=log.location, reason=log.reason) for log in loaded.skipped]
    texts: list[Texts] = []
    errors = Console(stderr=True)
    for number, run in enumerate(
        track(
            ordered,
            "reading completions",
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        )
    ):
        try:
            texts.append(read_texts(run))
        except ProtocolError as error:
            if number < len(training):
                raise
            left_out.append(LeftOut(log=run.location, reason=str(error)))
    return texts, left_out


def _check_different(training: Sequence[Run]) -> None:
    from likeness.texts import identity
    from protocol.errors import ProtocolError

    seen: dict[tuple[object, ...], int] = {}
    for place, run in enumerate(training):
        first = seen.setdefault(identity(run), place)
        if first != place:
            options = ["--em", "--base", *["--negatives"] * len(training)]
            raise ProtocolError(
                f"{options[first]} and {options[place]} are the same log, {run.location}: a classifier "
                "needs two kinds of completions. Give the finetune's and the base model's."
            )


def _write(
    file: CFile, placing: Placing, training: Sequence[Run], loaded: Loaded, out: Path
) -> list[str]:
    """Everything that `--out` names; figure and correlation only where there are verdicts."""
    from likeness.c_file import write_c
    from likeness.reading_list import Listed, reading_list
    from likeness.texts import identity
    from reports.build import build_headline
    from reports.measured_c import measured_planes, plane_markdown
    from reports.measured_c_figure import draw_plane

    write_c(file, out)
    placed = [
        Listed(one.row.name, one.row.c, one.texts, one.probabilities.__getitem__)
        for one in placing.placed
    ]
    text = reading_list(placed, scale=file.scale.id, simulated=file.simulated)
    (out / "extremes.md").write_text(text, "utf-8")
    known = {identity(run) for run in loaded.runs}
    runs = [*loaded.runs, *(run for run in training if identity(run) not in known)]
    judged = replace(loaded, runs=tuple(run for run in runs if run.judges))
    lines = [f"written to {out}"]
    if not judged.runs:
        return [*lines, "no verdicts, so no figure of α against C: bwalpha judge LOGS adds them"]
    planes = measured_planes(file, build_headline(judged))
    (out / "c.md").write_text(plane_markdown(file, planes), "utf-8")
    for number, plane in enumerate(planes):
        draw_plane(
            plane, out, "alpha_measured_c" if number == 0 else f"{number + 1}_alpha_measured_c"
        )
        lines += plane.answers
    return lines


def _print(file: CFile, console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    from likeness.wording import NONE, ROLES, number, remarks, scale_lines

    for line in scale_lines(file):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("condition", overflow="fold")
    for heading in ("C", "95 %", "length's C", "texts", "MMD²", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in file.conditions:
        role = "" if row.role == "condition" else f" ({ROLES[row.role]})"
        table.add_row(
            escape(row.name + role),
            number(row.c),
            NONE if row.low is None else f"{number(row.low)}–{number(row.high)}",
            number(row.length_c),
            f"{row.texts:,}",
            number(row.mmd2, 3),
            number(row.p_value, 3),
        )
    console.print(table)
    for text in remarks(file):
        console.print(text, soft_wrap=True, highlight=False, markup=False)
