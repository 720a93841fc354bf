"""Two judges against one: the ratio of wall times.

A local server answers like the Anthropic API with a set latency. Run it with
`python -m benchmarks.judges_at_once --latency 5`.
"""

import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click
from inspect_ai import eval as inspect_eval

from tests.support.judge_server import JudgeServer


def run(judges: str, latency: float, epochs: int) -> dict[str, float]:
    """Run one condition and return its wall time and calls."""
    from tasks.alpha import grid_2

    with (
        tempfile.TemporaryDirectory() as logs,
        JudgeServer(latency=latency) as server,
    ):
        os.environ["ANTHROPIC_BASE_URL"] = server.url
        os.environ["ANTHROPIC_API_KEY"] = "benchmark"
        started = time.perf_counter()
        [log] = inspect_eval(
            grid_2,
            task_args={"panel": "open52", "rubric": "open", "judges": judges},
            model="simulated/target",
            epochs=epochs,
            log_dir=logs,
            display="none",
            log_realtime=False,
        )
        wall = time.perf_counter() - started
        assert log.status == "success", log.error
        assert log.results is not None
        assert all(s.unscored_samples == 0 for s in log.results.scores), log.results.scores
        return {"wall": wall, "calls": len(server.requests)}


@click.command()
@click.option("--latency", default=5.0, show_default=True, help="Seconds a judge takes.")
@click.option("--epochs", default=20, show_default=True)
def main(latency: float, epochs: int) -> None:
    # Inspect keeps a model, with its server's address, for as long as the process lives.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        one = fresh.submit(run, "sonnet", latency, epochs).result()
        two = fresh.submit(run, "sonnet,opus", latency, epochs).result()
    click.echo(
        f"two judges / one judge = {two['wall'] / one['wall']:.2f} "
        f"({two['wall']:.1f} s / {one['wall']:.1f} s), calls {two['calls']:.0f} / {one['calls']:.0f}"
    )


if __name__ == "__main__":
    main()
