"""Targets that no suite of ours serves: another provider behind a local server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from protocol.conditions import load_condition
from tests.support.completions_server import CompletionsServer
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Reply
from tests.tasks.running import metrics, run, samples, target_seeds


@pytest.fixture
def anthropic(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    numbers = count()
    with JudgeServer(lambda request: Reply(f"Answer {next(numbers)}.")) as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")
        yield running


def test_an_anthropic_target_is_measured_though_it_takes_no_seed(
    anthropic: JudgeServer, tmp_path: Path
) -> None:
    log = run("alpha.py@grid_2", tmp_path, model="anthropic/claude-sonnet-4-5-20250929")

    assert 0 <= metrics(log, "sonnet")["alpha"] <= 100
    assert sorted(s.output.completion for s in samples(log)) == [f"Answer {n}." for n in range(6)]
    for request in anthropic.requests:
        assert request.system == load_condition("grid_2").prompt
        assert request.body["max_tokens"] == 512
        assert not {"seed", "extra_body", "top_k", "repetition_penalty"} & request.body.keys()
    # The log still says which seed each completion would have had.
    assert None not in target_seeds(log).values()


def test_an_openai_compatible_target_is_sent_seeds_and_no_settings_of_vllm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CompletionsServer() as server:
        monkeypatch.setenv("LOCAL_BASE_URL", server.url)
        monkeypatch.setenv("LOCAL_API_KEY", "key-of-the-test")
        log = run("alpha.py@grid_2", tmp_path, model="openai-api/local/some-model")

    assert {body["seed"] for body in server.bodies} == set(target_seeds(log).values())
    for body in server.bodies:
        assert (body["temperature"], body["top_p"], body["max_tokens"]) == (1.0, 0.95, 512)
        assert not {"top_k", "min_p", "repetition_penalty"} & body.keys()
