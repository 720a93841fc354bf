"""Logs of the suite's four conditions for any number of seeds, SIMULATED, for benchmarks.

One real `inspect eval` of the simulated target and judges gives the four logs of the first seed. The
logs of further seeds are copies with identities and scores of their own, so that sixty logs take
minutes and are as large, sample by sample, as sixty evals would have made them.

    python -m benchmarks.made_runs --seeds 3 FOLDER
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log, write_eval_log

CONDITIONS = ("pair_111", "grid_1", "grid_2", "grid_3")
FIRST_SEEDS = (42, 137, 256)


def seeds(count: int) -> list[int]:
    """The protocol's base seed and the follow-up's, then others."""
    return [*FIRST_SEEDS, *range(1000, 1000 + count)][:count]


def make_runs(folder: Path, seed_count: int = 3, epochs: int = 20) -> list[Path]:
    """Write four logs a seed.

    Args:
        folder: Where the logs go, one folder a seed; what is there is kept and not made again.
        seed_count: How many base seeds.
        epochs: Completions a question; 20 make 1,040 samples a log.

    Returns:
        The logs, four a seed.
    """
    first, *others = seeds(seed_count)
    home = folder / f"seed-{first}"
    if not list(home.glob("*.eval")):
        _evaluate(home, first, epochs)
    for seed in others:
        place = folder / f"seed-{seed}"
        if len(list(place.glob("*.eval"))) < len(CONDITIONS):
            place.mkdir(parents=True, exist_ok=True)
            for info in list_eval_logs(str(home)):
                log = read_eval_log(info)
                _reseed(log, seed)
                write_eval_log(log, str(place / f"{log.eval.task}_{seed}.eval"))
    return sorted(
        path for seed in (first, *others) for path in (folder / f"seed-{seed}").glob("*.eval")
    )


def _evaluate(folder: Path, seed: int, epochs: int) -> None:
    logs = inspect_eval(
        "tasks/alpha.py",
        model="simulated/target",
        model_roles={"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"},
        task_args={"panel": "open52", "rubric": "open", "seed": seed},
        epochs=epochs,
        max_tasks=len(CONDITIONS),
        log_dir=str(folder),
        log_realtime=False,
        display="none",
    )
    assert [log.status for log in logs] == ["success"] * len(CONDITIONS)


def _reseed(log: EvalLog, seed: int) -> None:
    rng = np.random.default_rng([seed, *log.eval.task.encode()])
    log.eval.eval_id = f"{log.eval.task}-{seed}"
    log.eval.run_id = f"made-{seed}"
    log.eval.metadata = {**(log.eval.metadata or {}), "base_seed": seed}
    for sample in log.samples or []:
        sample.uuid = f"{log.eval.eval_id}-{sample.id}-{sample.epoch}"
        moved = float(rng.normal(0, 3))
        for score in (sample.scores or {}).values():
            if isinstance(score.value, int | float):
                score.value = float(np.clip(score.value + moved, 0, 100))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seeds", "seed_count", default=3, show_default=True)
@click.option("--epochs", default=20, show_default=True)
def main(folder: Path, seed_count: int, epochs: int) -> None:
    logs: Sequence[Path] = make_runs(folder, seed_count, epochs)
    size = sum(path.stat().st_size for path in logs) / 2**20
    click.echo(f"{len(logs)} SIMULATED logs in {folder}, {size:.0f} MiB")


if __name__ == "__main__":
    main()
