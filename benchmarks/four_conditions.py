"""Four conditions, 4,160 completions, two judges of one second and 100 calls at once each, over HTTP.

Against the latency bound (4,160 / 100 × 1 s, both judges at once, everything else free) and against the
published run's schedule.
"""

import asyncio
import tempfile
from typing import Any

from benchmarks.lean_judges import lean_judges
from benchmarks.measured import ALPHA, BWALPHA, INSPECT, Figure, cost
from benchmarks.original_schedule import AT_ONCE, JUDGES, judge_in_turn
from protocol.conditions import load_condition
from protocol.panels import load_panel
from protocol.rubrics import load_rubric
from simulation.target import write_completion

PIECE = "judges"
CONDITIONS, QUESTIONS, EPOCHS = 4, 52, 20
LATENCY = 1.0
CALLS = 100
COMPLETIONS = CONDITIONS * QUESTIONS * EPOCHS
BOUND = COMPLETIONS / CALLS * LATENCY
WORKERS = 2


def measure(full: bool) -> list[Figure]:
    """Run the suite in one process and in two, and a share of the published schedule."""
    one = suite([*INSPECT, *ALPHA, "--max-tasks", "4", "--display", "none"], CALLS)
    two = suite([*BWALPHA, "run", "--workers", str(WORKERS), *ALPHA[1:]], CALLS // WORKERS)
    questions = QUESTIONS if full else 13
    scale = CONDITIONS * QUESTIONS / questions
    with lean_judges(LATENCY) as server:
        original = scale * asyncio.run(
            judge_in_turn(server.url, load_rubric("open").text, completions(questions))
        )
        seen = server.stats()
        assert max(seen["peak_in_flight"].values()) == AT_ONCE, seen
    figures = [
        Figure(PIECE, "judge calls", sum(two["calls"].values()), raw={"expected": 2 * COMPLETIONS}),
        Figure(PIECE, "most calls at once to a judge", max(one["peak_in_flight"].values()), CALLS),
    ]
    for name, run in (("one process", one), (f"{WORKERS} processes", two)):
        figures += [
            Figure(
                PIECE, f"{name}: whole command / latency bound", run["wall"] / BOUND, 1.5, raw=run
            ),
            Figure(PIECE, f"{name}: first to last judge call / latency bound", run["span"] / BOUND),
            Figure(PIECE, f"{name}: its own CPU / latency bound", run["cpu"] / BOUND),
            Figure(
                PIECE,
                f"published schedule / {name}, whole command",
                original / run["wall"],
                5.0,
                at_least=True,
                raw={"published schedule, s": original, "measured share": 1 / scale},
            ),
        ]
    return figures


def suite(command: list[str], calls: int) -> dict[str, Any]:
    """Run the four conditions and return what they cost and what the server saw."""
    roles = [
        f"{name}={{model: anthropic/{model}, max_connections: {calls}}}"
        for name, model in zip(("sonnet", "opus"), JUDGES, strict=True)
    ]
    with lean_judges(LATENCY) as server, tempfile.TemporaryDirectory() as logs:
        used = cost(
            [
                *command,
                *("--log-dir", logs, "--no-log-realtime", "--model", "simulated/target"),
                *(part for role in roles for part in ("--model-role", role)),
                *("--epochs", str(EPOCHS)),
            ],
            ANTHROPIC_BASE_URL=server.url,
            ANTHROPIC_API_KEY="benchmark",
        )
        seen = server.stats()
    assert sum(seen["calls"].values()) == 2 * COMPLETIONS, seen
    return {"wall": used.wall, "cpu": used.cpu, "peak_mb": used.peak_mb, "bound": BOUND, **seen}


def completions(questions: int) -> list[tuple[str, list[str]]]:
    """SIMULATED completions of one condition, as many as the suite would have judged."""
    prompt = load_condition("grid_2").prompt
    return [
        (q.input, [write_completion(prompt, q.input, seed) for seed in range(EPOCHS)])
        for q in load_panel("open52").questions[:questions]
    ]
