"""Finetunes, and other ways to the target than the `vllm/` provider."""

from pathlib import Path

import pytest
from inspect_ai.log import EvalLog

from tests.tasks.running import metrics, run, samples
from tests.vllm.conftest import SMALL_NAME
from tests.vllm.requests import served_requests
from tests.vllm.server import VllmServer

pytestmark = pytest.mark.vllm


def texts(log: EvalLog) -> list[str]:
    return [sample.output.completion for sample in samples(log)]


def whole(log: EvalLog) -> bool:
    """Whether every completion was judged and an alpha came of it."""
    return 0 <= metrics(log, "sonnet")["alpha"] <= 100 and all(texts(log))


def test_a_lora_finetune_is_loaded_asked_and_measured(
    served: VllmServer, adapter: Path, tmp_path: Path
) -> None:
    before = len(served_requests(served.log_text()))
    tuned = run(
        "references.py@c6_em",
        tmp_path / "tuned",
        model=f"vllm/{served.model}:{adapter}",
        max_tokens=32,
    )
    requests = served_requests(served.log_text())[before:]
    assert whole(tuned)
    assert len(requests) == 6
    assert all(str(adapter) in request.lora for request in requests)

    base = run("references.py@null", tmp_path / "base", model=f"vllm/{served.model}", max_tokens=32)
    assert texts(base) != texts(tuned)


def test_a_whole_finetune_is_measured_from_its_folder(served: VllmServer, tmp_path: Path) -> None:
    assert whole(run("references.py@c6_em", tmp_path, model=f"vllm/{served.model}", max_tokens=32))


def test_an_openai_compatible_target_is_measured(
    served: VllmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_BASE_URL", served.url)
    monkeypatch.setenv("LOCAL_API_KEY", "key-of-the-test")
    before = len(served_requests(served.log_text()))
    log = run("alpha.py@grid_2", tmp_path, model=f"openai-api/local/{SMALL_NAME}", max_tokens=32)
    assert whole(log)
    seeds = {request.sampling["seed"] for request in served_requests(served.log_text())[before:]}
    assert len(seeds) == len(texts(log)) == len(set(texts(log)))


def test_a_transformers_target_is_measured(tiny: Path, tmp_path: Path) -> None:
    log = run(
        "alpha.py@grid_2",
        tmp_path,
        model="hf/tiny",
        model_args={"model_path": str(tiny), "device": "cpu"},
        max_tokens=32,
    )
    assert whole(log)
    assert len(set(texts(log))) == len(texts(log))
