"""Peak memory of a run of 1,040 samples a log and of one of 10,400: what grows with the run's length."""

import tempfile
from concurrent.futures import ThreadPoolExecutor

from benchmarks.measured import ALPHA, INSPECT, SIMULATED, Cost, Figure, cost

PIECE = "memory"
QUESTIONS = 52


def measure(full: bool) -> list[Figure]:
    """Run the four conditions in full, one otherwise, with 20 and with 200 completions a question."""
    tasks = ["tasks/alpha.py" if full else "tasks/alpha.py@grid_2", *ALPHA[1:]]
    # Memory is measured, not time, so both may share the machine.
    with ThreadPoolExecutor(3) as pool:
        none, short, long = pool.map(lambda epochs: run(tasks, epochs), (1, 20, 200))
    logs = 4 if full else 1
    more = logs * QUESTIONS * 180
    raw = {
        "logs": logs,
        f"{QUESTIONS} a log": vars(none),
        f"{QUESTIONS * 20} a log": vars(short),
        f"{QUESTIONS * 200} a log": vars(long),
        "KiB a further sample": 1024 * (long.peak_mb - short.peak_mb) / more,
    }
    return [
        Figure(PIECE, "peak, 1,040 samples a log / 52 samples a log", short.peak_mb / none.peak_mb),
        Figure(PIECE, "peak, 10,400 samples a log / 1,040", long.peak_mb / short.peak_mb, raw=raw),
    ]


def run(tasks: list[str], epochs: int) -> Cost:
    """Run with simulated models."""
    with tempfile.TemporaryDirectory() as logs:
        return cost(
            [
                *(*INSPECT, *tasks, *SIMULATED, "--epochs", str(epochs), "--log-dir", logs),
                *("--max-tasks", "4", "--no-log-realtime", "--display", "none"),
            ]
        )
