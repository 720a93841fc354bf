"""The completions to read, beside a report: the lowest, the most disputed, and α by what they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from likeness.c_file import CFile
    from likeness.encoder import Encoder
    from likeness.reading_list import Listed
    from runs.run import Loaded

FILE = "extremes.md"


def extremes(loaded: Loaded, out: Path | None, file: CFile | None = None) -> list[str]:
    """Write the reading list, and say α with and without what the scanner flagged.

    Args:
        loaded: The runs.
        out: Folder of the report. Without it completions are read only where more than judges scored them.
        file: C of the runs, where it was measured.

    Returns:
        A line for each condition and judge whose completions were scanned.
    """
    scored = any(run.score_keys > len(run.judges) + len(run.audits) for run in loaded.runs)
    if out is None and not scored:
        return []
    from likeness.reading_list import listed, reading_list, split_lines
    from likeness.substance import ANY

    lines: list[str] = []

    def noted(runs: Iterator[Listed]) -> Iterator[Listed]:
        for one in runs:
            lines.extend(split_lines(one.name, [s for s in one.splits if s.flag == ANY]))
            yield one

    text = reading_list(
        noted(listed(loaded.runs, file, _encoder() if file and out else None)),
        scale=file.scale.id if file else None,
        simulated=any(run.simulated for run in loaded.runs),
    )
    if out is not None:
        (out / FILE).write_text(text, "utf-8")
    return lines


def _encoder() -> Encoder | None:
    from commands.c import make_encoder
    from protocol.errors import ProtocolError

    try:
        return make_encoder(None, None)
    except ProtocolError as error:
        click.echo(f"no C of single completions: {error}", err=True)
        return None
