"""One batch through vLLM's own offline `LLM.chat`, timed: what the suite is compared with.

`benchmarks.vllm_ratio` runs it in a process of its own: `python -m benchmarks.vllm_offline JOB RESULT`.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from vllm import LLM, SamplingParams


def cpu_seconds() -> float:
    """CPU seconds of this process and the engine processes below it so far."""
    own = psutil.Process()
    return sum(sum(p.cpu_times()[:2]) for p in [own, *own.children(recursive=True)])


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Generate every request of the job in one call.

    Args:
        job: `model`, `engine` (arguments of `LLM`), `sampling` (arguments of `SamplingParams`) and
            `requests`, each with `messages` and `seed`.

    Returns:
        Wall and CPU seconds of the call alone, the texts, tokens, and the engine's steps.
    """
    llm = LLM(model=job["model"], disable_log_stats=False, **job["engine"])
    conversations = [request["messages"] for request in job["requests"]]
    sampling = [SamplingParams(**job["sampling"], seed=r["seed"]) for r in job["requests"]]
    llm.chat(conversations[:1], sampling[:1], use_tqdm=False)
    steps, cpu, started = engine_steps(llm), cpu_seconds(), time.perf_counter()
    outputs = llm.chat(conversations, sampling, use_tqdm=False)
    wall = time.perf_counter() - started
    return {
        "wall_s": wall,
        "cpu_s": cpu_seconds() - cpu,
        "completions": len(outputs),
        "tokens": sum(len(output.outputs[0].token_ids) for output in outputs),
        "engine_steps": engine_steps(llm) - steps,
        "texts": [output.outputs[0].text for output in outputs],
    }


def engine_steps(llm: LLM) -> int:
    """Steps of the engine so far, each a forward pass for all running requests."""
    return sum(m.count for m in llm.get_metrics() if m.name == "vllm:iteration_tokens_total")


if __name__ == "__main__":
    given, wanted = map(Path, sys.argv[1:])
    wanted.write_text(json.dumps(run(json.loads(given.read_text("utf-8")))), "utf-8")
