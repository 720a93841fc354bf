"""The suite against vLLM's own offline batch: the same completions, the ratio of wall times.

Needs the environment that `tests/vllm/environment.sh` makes; `make bench-vllm` sees to it. Judges are
simulated and answer at once, so what is compared is generation alone.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import httpx
from inspect_ai.log import EvalSample, list_eval_logs, read_eval_log

from benchmarks.vllm_measures import (
    children_cpu,
    logged,
    machine_cpu,
    scrape,
    tree_cpu,
    versions,
)
from protocol.conditions import load_condition
from protocol.panels import load_panel
from protocol.seeds import DEFAULT_SEED, completion_seed
from solvers.sampling import SAMPLING
from tests.vllm.server import CPU_SETTINGS, VllmServer
from tests.vllm.tiny_model import make_model

TARGET = 1.3
CONDITION = "grid_2"
ENGINE = {
    "max_model_len": 2048,
    "dtype": "bfloat16",
    "generation_config": "vllm",
    "enable_prefix_caching": True,
    # On a CPU, vLLM 0.32 breaks when a prompt whose request has a seed is prefilled in parts.
    "enable_chunked_prefill": False,
    "max_num_batched_tokens": 8192,
    # Compiling costs a CPU half a minute a start and gained nothing with the tiny model.
    "enforce_eager": True,
}
SIMULATED = [
    *("--model-role", "sonnet=simulated/judge", "--model-role", "opus=simulated/judge-lenient"),
    *("-T", "panel=open52", "-T", "rubric=open"),
]


@dataclass(frozen=True)
class Through:
    """One way through: seconds, tokens, and how full the engine was.

    Attributes:
        wall_s: Offline, of the one call; the suite, of the whole `inspect eval` command.
        in_vllm_s: Of these, with at least one request at vLLM.
        cpu_s: CPU seconds of vLLM's processes.
        client_cpu_s: CPU seconds of the `inspect eval` command.
        others_cpu_s: CPU seconds of all other programs; a ratio counts only where these are few.
        engine_steps: Forward passes, each for all the requests that were running.
        call_s: Seconds of a call, as the suite sees it, on average.
        call_in_vllm_s: Of these, between vLLM's taking the request and its last token.
    """

    wall_s: float
    in_vllm_s: float
    cpu_s: float
    client_cpu_s: float
    others_cpu_s: float
    completions: int
    tokens: int
    engine_steps: int
    call_s: float | None = None
    call_in_vllm_s: float | None = None

    @property
    def tokens_a_step(self) -> float:
        """Completion tokens a forward pass gives, at most `max_num_seqs`."""
        return self.tokens / self.engine_steps


def requests(epochs: int) -> dict[tuple[str, int], dict[str, Any]]:
    """What the suite sends for the condition, by question and epoch."""
    prompt = load_condition(CONDITION).prompt
    assert prompt is not None
    return {
        (question.id, epoch): {
            "messages": [
                {"role": "system", "content": prompt},
                {"role": "user", "content": question.input},
            ],
            "seed": completion_seed(DEFAULT_SEED, question.id, epoch),
        }
        for epoch in range(1, epochs + 1)
        for question in load_panel("open52").questions
    }


def offline(model: Path, engine: Mapping[str, Any], epochs: int, tokens: int, work: Path) -> Any:
    """Run the batch in a process of its own, so that its engine is gone before the server starts."""
    job, result = work / "job.json", work / "result.json"
    sampling = {"temperature": SAMPLING.temperature, "top_p": SAMPLING.top_p, "max_tokens": tokens}
    job.write_text(
        json.dumps(
            {
                "model": str(model),
                "engine": engine,
                "sampling": sampling,
                "requests": list(requests(epochs).values()),
            }
        )
    )
    command = [sys.executable, "-m", "benchmarks.vllm_offline", str(job), str(result)]
    logged(command, os.environ | CPU_SETTINGS, work / "offline.log")
    return json.loads(result.read_text("utf-8"))


def suite(
    server: VllmServer, epochs: int, tokens: int, more: Sequence[str], work: Path
) -> tuple[Through, dict[tuple[str, int], str]]:
    """Run the condition through `inspect eval` against the server."""
    folder = work / "logs"
    command = [
        *(str(Path(sys.executable).with_name("inspect")), "eval", f"tasks/alpha.py@{CONDITION}"),
        *("--model", f"vllm/{server.model}", *SIMULATED, "--epochs", str(epochs)),
        *("--max-tokens", str(tokens), "--log-dir", str(folder)),
        *("--no-log-realtime", "--display", "plain", *more),
    ]
    assert server.pid is not None
    before, cpu = scrape(server), tree_cpu(server.pid)
    client, machine, started = children_cpu(), machine_cpu(), time.perf_counter()
    logged(command, os.environ | {"VLLM_BASE_URL": server.url}, work / "inspect.log")
    wall = time.perf_counter() - started
    client, cpu = children_cpu() - client, tree_cpu(server.pid) - cpu
    machine, after = machine_cpu() - machine, scrape(server)
    counted = {name: after[name] - before[name] for name in after}
    [info] = list_eval_logs(str(folder))
    log = read_eval_log(info)
    assert log.status == "success", log.error
    samples = log.samples or []
    calls = [call for sample in samples for call in target_calls(sample, log.eval.model)]
    return Through(
        wall_s=wall,
        in_vllm_s=max(end for _, end in calls) - min(start for start, _ in calls),
        cpu_s=cpu,
        client_cpu_s=client,
        others_cpu_s=machine - cpu - client,
        completions=len(samples),
        tokens=round(counted["vllm:generation_tokens_total"]),
        engine_steps=round(counted["vllm:iteration_tokens_total_count"]),
        call_s=sum(end - start for start, end in calls) / len(calls),
        call_in_vllm_s=counted["vllm:e2e_request_latency_seconds_sum"] / len(calls),
    ), {(str(sample.id), sample.epoch): sample.output.completion for sample in samples}


def target_calls(sample: EvalSample, model: str) -> list[tuple[float, float]]:
    """When each call to the target began and ended, in seconds since the epoch."""
    return [
        (event.timestamp.timestamp(), event.completed.timestamp())
        for event in sample.events
        if event.event == "model" and event.model == model and event.completed is not None
    ]


def server_arguments(engine: Mapping[str, Any]) -> list[str]:
    """Write the engine's arguments as `vllm serve` takes them."""
    arguments: list[str] = []
    for name, value in engine.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            arguments.append(f"--{'' if value else 'no-'}{flag}")
        else:
            arguments += [f"--{flag}", str(value)]
    return [*arguments, "--disable-uvicorn-access-log"]


def show(offline_run: Through, suite_run: Through, same: int) -> None:
    """Print what was measured."""
    rows = [("", "offline", "suite")]
    for name in ("wall_s", "in_vllm_s", "cpu_s", "client_cpu_s", "others_cpu_s"):
        rows.append((name, f"{getattr(offline_run, name):.1f}", f"{getattr(suite_run, name):.1f}"))
    for name in ("completions", "tokens", "engine_steps"):
        rows.append((name, f"{getattr(offline_run, name)}", f"{getattr(suite_run, name)}"))
    rows.append(
        ("tokens_a_step", f"{offline_run.tokens_a_step:.1f}", f"{suite_run.tokens_a_step:.1f}")
    )
    for row in rows:
        click.echo("{:<16}{:>12}{:>12}".format(*row))
    ratio = suite_run.wall_s / offline_run.wall_s
    click.echo(f"suite / offline: {ratio:.2f} (target: at most {TARGET})")
    click.echo(
        f"of the command's time, no request at vLLM: {1 - suite_run.in_vllm_s / suite_run.wall_s:.1%}"
    )
    assert suite_run.call_s is not None
    assert suite_run.call_in_vllm_s is not None
    click.echo(
        f"of a call's time, outside vLLM's engine: "
        f"{1 - suite_run.call_in_vllm_s / suite_run.call_s:.1%}"
    )
    click.echo(f"same text both ways: {same} of {suite_run.completions} completions")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--model", type=click.Path(path_type=Path), help="A model's folder; else a tiny one.")
@click.option("--epochs", default=20, show_default=True, help="Completions a question.")
@click.option("--max-tokens", default=SAMPLING.max_tokens, show_default=True)
@click.option("--max-num-seqs", default=256, show_default=True, help="Of both engines.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the figures here."
)
@click.argument("inspect_arguments", nargs=-1)
def main(
    model: Path | None,
    epochs: int,
    max_tokens: int,
    max_num_seqs: int,
    json_file: Path | None,
    inspect_arguments: tuple[str, ...],
) -> None:
    """Measure the ratio; INSPECT_ARGUMENTS after `--` go to `inspect eval`."""
    engine = ENGINE | {"max_num_seqs": max_num_seqs}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if model is None:
            model = work / "tiny"
            make_model(model)
        batch = offline(model, engine, epochs, max_tokens, work)
        texts = dict(zip(requests(epochs), batch.pop("texts"), strict=True))
        offline_run = Through(in_vllm_s=batch["wall_s"], client_cpu_s=0.0, **batch)
        with VllmServer(model, work / "server.log", *server_arguments(engine)) as server:
            warm_up(server)
            suite_run, completions = suite(server, epochs, max_tokens, inspect_arguments, work)
    same = sum(texts[key] == text for key, text in completions.items())
    show(offline_run, suite_run, same)
    if json_file is not None:
        figures = {
            "ratio": suite_run.wall_s / offline_run.wall_s,
            "same_texts": same,
            "offline": asdict(offline_run),
            "suite": asdict(suite_run),
            "engine": engine,
            "max_tokens": max_tokens,
            "inspect_arguments": list(inspect_arguments),
            "versions": versions(),
        }
        json_file.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def warm_up(server: VllmServer) -> None:
    """Send one request, as the offline batch does before its clock starts."""
    body = {"model": str(server.model), "messages": [{"role": "user", "content": "?"}]}
    httpx.post(
        f"{server.url}/chat/completions", json=body | {"max_tokens": 8}, timeout=300
    ).raise_for_status()


if __name__ == "__main__":
    main()
