"""`bwalpha report` over 4, 12 and 60 logs: how its time and its memory grow."""

import tempfile
from pathlib import Path

from benchmarks.made_runs import make_runs
from benchmarks.measured import BWALPHA, Cost, Figure, cost

PIECE = "report"
SEEDS = (1, 3, 15)
CONDITIONS = 4


def measure(full: bool) -> list[Figure]:
    """Report on the logs of 1, 3 and 15 seeds; 1,040 samples a log in full, else 208."""
    epochs = 20 if full else 4
    costs: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for seeds in SEEDS:
            folder = Path(temporary) / "logs"
            logs = make_runs(folder, seeds, epochs)
            assert len(logs) == seeds * CONDITIONS
            costs[len(logs)] = cost([*BWALPHA, "report", str(folder)])
    (few, least), *more = costs.items()
    figures = []
    for logs_read, used in more:
        raw = {
            "samples a log": 52 * epochs,
            f"{few} logs": vars(least),
            f"{logs_read} logs": vars(used),
        }
        times = logs_read / few
        figures += [
            Figure(
                PIECE,
                f"time, {logs_read} logs / {few} logs",
                used.wall / least.wall,
                times,
                raw=raw,
            ),
            Figure(
                PIECE, f"peak memory, {logs_read} logs / {few} logs", used.peak_mb / least.peak_mb
            ),
        ]
    return figures
