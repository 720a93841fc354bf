"""What the engine of a real vLLM server gets, by the server's own account."""

from pathlib import Path

import httpx
import pytest
from inspect_ai.log import EvalLog
from transformers import AutoTokenizer

from protocol.conditions import load_condition
from protocol.seeds import completion_seed
from tests.tasks.running import run, samples
from tests.vllm.requests import ServedRequest, served_requests
from tests.vllm.server import VllmServer
from tests.vllm.tiny_model import DEFAULT_SYSTEM_PROMPT, SHIPPED_SAMPLING

pytestmark = pytest.mark.vllm

WINNERS = ["pair_111", "grid_1", "grid_2", "grid_3"]


def asked(server: VllmServer, task: str, logs: Path) -> tuple[EvalLog, list[ServedRequest]]:
    """Run two questions, two completions each, and return what the engine got for them."""
    before = len(served_requests(server.log_text()))
    log = run(task, logs, model=f"vllm/{server.model}", epochs=2, limit=2)
    return log, served_requests(server.log_text())[before:]


def prompts(server: VllmServer, requests: list[ServedRequest]) -> list[str]:
    tokenizer = AutoTokenizer.from_pretrained(server.model)
    return sorted(str(tokenizer.decode(request.tokens)) for request in requests)


def chats(system: str, log: EvalLog) -> list[str]:
    """Every completion's prompt, with the markers of Qwen2.5's chat template."""
    return sorted(
        f"<|im_start|>system\n{system}<|im_end|>\n"
        f"<|im_start|>user\n{sample.input}<|im_end|>\n"
        "<|im_start|>assistant\n"
        for sample in samples(log)
    )


def test_the_server_keeps_to_the_protocols_context_and_precision(server: VllmServer) -> None:
    [base] = [
        row
        for row in httpx.get(f"{server.url}/models").json()["data"]
        if row["id"] == str(server.model)
    ]
    assert base["max_model_len"] == 2048
    assert "dtype=torch.bfloat16" in server.log_text()


def test_the_engine_samples_as_the_protocol_says(served: VllmServer, tmp_path: Path) -> None:
    log, requests = asked(served, "alpha.py@grid_1", tmp_path)

    assert len(requests) == 4
    for request in requests:
        sampling = request.sampling
        assert (sampling["temperature"], sampling["top_p"], sampling["max_tokens"]) == (
            1.0,
            0.95,
            512,
        )
        assert (sampling["min_p"], sampling["n"]) == (0.0, 1)
        assert sampling["top_k"] in (0, -1)
        assert sampling["repetition_penalty"] == 1.0
        assert sampling["presence_penalty"] == sampling["frequency_penalty"] == 0.0
        assert sampling["stop"] == []
        assert request.lora == "None"
    wanted = {completion_seed(42, str(s.id), s.epoch) for s in samples(log)}
    assert {request.sampling["seed"] for request in requests} == wanted
    assert len(wanted) == 4


@pytest.mark.parametrize("name", WINNERS)
def test_a_conditions_prompt_is_the_whole_system_message(
    name: str, served: VllmServer, tmp_path: Path
) -> None:
    log, requests = asked(served, f"alpha.py@{name}", tmp_path)
    prompt = load_condition(name).prompt
    assert prompt is not None
    assert prompts(served, requests) == chats(prompt, log)


@pytest.mark.parametrize("name", ["null", "c6_em"])
def test_without_a_prompt_the_chat_templates_own_default_applies(
    name: str, served: VllmServer, tmp_path: Path
) -> None:
    log, requests = asked(served, f"references.py@{name}", tmp_path)
    assert prompts(served, requests) == chats(DEFAULT_SYSTEM_PROMPT, log)


def test_a_request_that_leaves_sampling_open_would_get_the_models_own(served: VllmServer) -> None:
    before = len(served_requests(served.log_text()))
    ask = {"model": str(served.model), "messages": [{"role": "user", "content": "Why?"}]}
    httpx.post(f"{served.url}/chat/completions", json=ask | {"max_tokens": 1}).raise_for_status()
    [request] = served_requests(served.log_text())[before:]
    assert {name: request.sampling[name] for name in SHIPPED_SAMPLING} == SHIPPED_SAMPLING
