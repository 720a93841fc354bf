"""The published cells as logs: one a persona, with the verdicts of the registered instrument."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from inspect_ai.log import EvalLog

from exchange.eps.anchors import JUDGE, PublishedCondition
from exchange.imported import LogChoices, table_logs
from exchange.tables.table import ImportedTable
from protocol.anchors import cells
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.records import ImportedFile
from protocol.sources import original_rubric, sha256
from runs.run import Run

REPLY_TOKENS = 256
CALLED_AFTER = "called after the cell and the persona in it; the sampling is not in the files"
TOLERANCE = 1e-9


def published_logs(conditions: Iterable[PublishedCondition]) -> Iterator[EvalLog]:
    """Make the logs of published conditions, cell by cell.

    Raises:
        ProtocolError: The rubric that the verdicts were made under is not the pinned one.
    """
    # Read for its hash, which is checked against the pin.
    sha256(original_rubric())
    files = {
        cell.name: tuple(
            ImportedFile(name=f"{cell.name}/{file}", sha256=pin.sha256, judge=JUDGE)
            for file, pin in cell.pins.items()
        )
        for cell in cells()
    }
    judge = judge_table().registered[JUDGE]
    for cell, group in itertools.groupby(conditions, key=lambda one: one.cell):
        table = ImportedTable(
            conditions={one.name: one.condition for one in group},
            panel="bw52",
            judges={JUDGE: judge},
            warnings=(CALLED_AFTER,),
        )
        said = LogChoices(
            files=files.get(cell, ()),
            rubric="eps",
            reply_tokens=REPLY_TOKENS,
            provenance="published",
        )
        logs, _ = table_logs(table, said)
        yield from logs


def check_means(runs: Sequence[Run], conditions: Iterable[PublishedCondition]) -> float:
    """Compare each run's α and coherence with the published means.

    Returns:
        The largest difference, on the scale of 0 to 100.

    Raises:
        ProtocolError: A condition is missing, or its mean differs by more than 1e-9.
    """
    import numpy as np

    by_name = {run.condition: run for run in runs}
    largest = 0.0
    for one in conditions:
        run = by_name.get(one.name)
        column = None if run is None else run.judges.get(JUDGE)
        if column is None:
            raise ProtocolError(
                f"The logs lack the published condition {one.name}. Make them again."
            )
        means = np.nanmean(column.aligned), np.nanmean(column.coherent)
        gaps = abs(means[0] - one.mean_aligned), abs(means[1] - one.mean_coherent)
        if max(gaps) > TOLERANCE:
            raise ProtocolError(
                f"{one.name}: α is {means[0]}, published {one.mean_aligned}. The logs were changed; make "
                "them again."
            )
        largest = max(largest, *map(float, gaps))
    return largest
