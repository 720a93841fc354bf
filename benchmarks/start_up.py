"""Seconds until the first request leaves and what imports cost, in units of `import inspect_ai`."""

import subprocess
import sys
import tempfile
from statistics import median

from benchmarks.measured import ALPHA, BWALPHA, INSPECT, Figure, cost

PIECE = "start"
HEAVY = ("pandas", "scipy.stats", "matplotlib", "datasets", "pooch", "requests", "pyarrow", "torch")


def measure(full: bool) -> list[Figure]:
    """Time imports and starts in turn, several times; ratios are medians over the rounds."""
    commands = {
        "import inspect_ai": [sys.executable, "-c", "import inspect_ai"],
        "import of tasks/alpha.py": [sys.executable, "-c", "import tasks.alpha"],
        "bwalpha --help": [*BWALPHA, "--help"],
        "inspect eval --help": [*INSPECT, "--help"],
    }
    each: dict[str, list[float]] = {name: [] for name in commands}
    until: list[float] = []
    for _ in range(7 if full else 3):
        for name, command in commands.items():
            each[name].append(cost(command).cpu)
        until.append(until_first_request())
    unit, *others = each
    figures = [
        Figure(
            PIECE,
            f"{name} / {unit}, CPU",
            median(a / b for a, b in zip(each[name], each[unit], strict=True)),
            raw={"CPU seconds": each[name], unit: each[unit]},
        )
        for name in others
    ]
    figures.append(
        Figure(
            PIECE,
            f"until the first judge call of tasks/alpha.py / {unit}",
            median(a / b for a, b in zip(until, each[unit], strict=True)),
            raw={"seconds": until},
        )
    )
    loaded = heavy_modules()
    return [
        *figures,
        Figure(PIECE, "heavy modules that a run imports", len(loaded), 0, raw={"which": loaded}),
    ]


def until_first_request() -> float:
    """Seconds from typing the command to the first judge call on the wire."""
    from benchmarks.lean_judges import lean_judges

    with lean_judges(0.0) as server, tempfile.TemporaryDirectory() as logs:
        before = server.stats()["clock"]
        cost(
            [
                *INSPECT,
                *ALPHA,
                "--limit",
                "1",
                "--epochs",
                "1",
                "--log-dir",
                logs,
                "--display",
                "none",
            ],
            ANTHROPIC_BASE_URL=server.url,
            ANTHROPIC_API_KEY="benchmark",
            INSPECT_EVAL_MODEL="simulated/target",
        )
        return float(server.stats()["first"]) - float(before)


def heavy_modules() -> list[str]:
    """Which heavy modules are loaded after the tasks are and a run with simulated models is over."""
    code = (
        "import sys, tempfile\n"
        "from benchmarks.one_run import run\n"
        "with tempfile.TemporaryDirectory() as logs: run('suite', logs, 1, {'limit': 1})\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].split()
