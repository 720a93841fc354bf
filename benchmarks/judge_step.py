"""How near the judging step comes to the bound that the judges' latency and the connections set.

One process asks two judges side by side; the judges' server is a process of its own. From the first call to
the last answer no schedule can take less than `completions / connections` times the latency.
"""

import asyncio
import os
import resource
import tempfile
import time
from pathlib import Path

import click
from inspect_ai.model import GenerateConfig

from benchmarks.lean_judges import lean_judges
from judging.calls import JudgeReply, JudgeRequest, JudgeSettings, Limits
from judging.step import judge

MODELS = {
    "sonnet": "anthropic/claude-sonnet-4-5-20250929",
    "opus": "anthropic/claude-opus-4-7",
}
TEXT = "An answer of the length that a small model gives. " * 40


@click.command()
@click.option("--completions", default=4160, show_default=True)
@click.option("--latency", default=1.0, show_default=True, help="Seconds a verdict takes.")
@click.option(
    "--connections", default=100, show_default=True, help="Calls at once, for each judge."
)
def main(completions: int, latency: float, connections: int) -> None:
    """Measure, and print one line."""
    os.environ["ANTHROPIC_API_KEY"] = "none"
    requests = [
        JudgeRequest(f"grid_1/{n}", "The rubric. " * 60, f"Question {n}: {TEXT}")
        for n in range(completions)
    ]
    limits = Limits(connections=connections)

    async def both(url: str, folder: Path) -> list[list[JudgeReply]]:
        steps = [
            judge(
                requests,
                JudgeSettings(name, model, GenerateConfig(max_tokens=256), url),
                folder,
                limits=limits,
            )
            for name, model in MODELS.items()
        ]
        return await asyncio.gather(*steps)

    with lean_judges(latency) as server, tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        replies = asyncio.run(both(server.url, Path(folder)))
        whole = time.perf_counter() - started
        seen = server.stats()
    assert all(reply.output for judged in replies for reply in judged)
    assert sum(seen["calls"].values()) == len(MODELS) * completions
    used = resource.getrusage(resource.RUSAGE_SELF)
    bound = -(-completions // connections) * latency
    print(
        f"{len(MODELS) * completions} calls, {connections} at once for each judge: bound {bound:.1f} s, "
        f"first call to last answer {seen['span']:.1f} s = {seen['span'] / bound:.2f} x, whole step "
        f"{whole:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s with imports"
    )


if __name__ == "__main__":
    main()
