"""CPU a sample: the suite against the barest task, and default settings against tuned ones."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from benchmarks.measured import Figure
from tasks.measuring import COMPLETIONS_PER_QUESTION

PIECE = "cpu"
LIVE_LOG_OFF = ["--options", json.dumps({"log_realtime": False})]
# The live log is Inspect's default; `make alpha` runs its simulated models without it. The suite sets
# the garbage collector (`tasks.gc_tuning`), and Inspect does not.
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "suite, tuned": ("suite", LIVE_LOG_OFF),
    "barest, tuned": ("bare", LIVE_LOG_OFF),
    "barest, tuned, with the suite's collector": ("bare", [*LIVE_LOG_OFF, "--seldom"]),
    "suite, default": ("suite", []),
    "barest, default": ("bare", []),
}


def measure(full: bool) -> list[Figure]:
    """Run all variants in turn, several times; ratios are medians over the rounds."""
    rounds, epochs = (7 if full else 3), COMPLETIONS_PER_QUESTION
    names = [name for name in VARIANTS if full or name != "barest, default"]
    each: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name in names:
            what, options = VARIANTS[name]
            each[name].append(cpu_a_sample(what, epochs, options))
    raw = {name: [round(ms, 2) for ms in values] for name, values in each.items()}

    def ratio(one: str, other: str, target: float | None = None) -> Figure:
        value = median(a / b for a, b in zip(each[one], each[other], strict=True))
        return Figure(PIECE, f"{one} / {other}", value, target, raw={"ms a sample": raw})

    figures = [
        ratio("suite, tuned", "barest, tuned", 1.10),
        ratio("suite, tuned", "barest, tuned, with the suite's collector"),
        ratio("suite, default", "suite, tuned"),
    ]
    return [*figures, ratio("suite, default", "barest, default", 1.10)] if full else figures


def cpu_a_sample(what: str, epochs: int, options: Sequence[str]) -> float:
    """CPU milliseconds a sample of one run in a fresh process, start-up apart."""
    command = [sys.executable, "-m", "benchmarks.one_run", what, "--epochs", str(epochs)]
    done = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return 1000 * float(said["cpu"]) / int(said["samples"])
