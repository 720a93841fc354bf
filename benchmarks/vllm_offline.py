"""One batch through vLLM's own offline `LLM.chat`, timed: what the suite is compared with.

`benchmarks.vllm_ratio` runs it in a process of its own: `python -m benchmarks.vllm_offline JOB RESULT`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from vllm import LLM, SamplingParams

from benchmarks.vllm_measures import machine_cpu, tree_cpu


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
    steps, cpu, machine = engine_steps(llm), tree_cpu(os.getpid()), machine_cpu()
    started = time.perf_counter()
    outputs = llm.chat(conversations, sampling, use_tqdm=False)
    wall = time.perf_counter() - started
    cpu, machine = tree_cpu(os.getpid()) - cpu, machine_cpu() - machine
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "others_cpu_s": machine - cpu,
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
