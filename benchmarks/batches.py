"""Batch mode: two judges against one, in time and in number of batches."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.judges_at_once import run
from benchmarks.measured import Figure

PIECE = "batches"


def measure(full: bool) -> list[Figure]:
    """Run one condition with one judge and with two."""
    latency, epochs = (30.0, 20) if full else (5.0, 5)
    # Inspect keeps a model, with its server's address, for as long as the process lives.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        one = fresh.submit(run, "sonnet", True, latency, epochs).result()
        two = fresh.submit(run, "sonnet,opus", True, latency, epochs).result()
    raw = {"one judge": one, "two judges": two, "seconds a batch": latency}
    return [
        Figure(PIECE, "two judges / one judge, wall", two["wall"] / one["wall"], 1.5, raw=raw),
        Figure(PIECE, "batches, one judge", one["batches"], 1),
        Figure(PIECE, "batches, two judges", two["batches"], 2),
    ]
