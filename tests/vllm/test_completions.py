"""Completions of a real vLLM server: all different, and the same ones again."""

from collections import defaultdict
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog

from tests.tasks.running import run, samples
from tests.vllm.server import VllmServer

pytestmark = pytest.mark.vllm

Texts = dict[tuple[str, int], str]
MAX_TOKENS = 16
SAME_AT_LEAST = 0.9


def texts(log: EvalLog) -> Texts:
    return {(str(s.id), s.epoch): s.output.completion for s in samples(log)}


def all_completions(server: VllmServer, logs: Path, seed: int = 42) -> Texts:
    """A condition's 1,040 completions, cut short."""
    log = run(
        "alpha.py@grid_2",
        logs,
        model=f"vllm/{server.model}",
        epochs=20,
        limit=None,
        max_tokens=MAX_TOKENS,
        max_connections=128,
        seed=seed,
    )
    return texts(log)


@pytest.fixture(scope="module")
def first(server: VllmServer, tmp_path_factory: pytest.TempPathFactory) -> Texts:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_BASE_URL", server.url)
        return all_completions(server, tmp_path_factory.mktemp("first"))


def test_twenty_completions_of_a_question_all_differ(first: Texts) -> None:
    questions: dict[str, list[str]] = defaultdict(list)
    for (question, _), text in first.items():
        questions[question].append(text)
    assert len(questions) == 52
    assert {len(said) for said in questions.values()} == {20}
    assert {len(set(said)) for said in questions.values()} == {20}


def test_the_same_run_gives_the_same_texts(
    first: Texts, served: VllmServer, tmp_path: Path, record_property: object
) -> None:
    again = all_completions(served, tmp_path)
    same = sum(first[place] == again[place] for place in first)
    print(f"\n{same} of {len(first)} completions are the same when run again")
    # Which requests share a batch differs between runs, and with it the order of bf16 additions.
    assert same >= SAME_AT_LEAST * len(first)


def test_another_base_seed_gives_other_texts(
    first: Texts, served: VllmServer, tmp_path: Path
) -> None:
    log = run(
        "alpha.py@grid_2",
        tmp_path,
        model=f"vllm/{served.model}",
        max_tokens=MAX_TOKENS,
        seed=137,
    )
    other = texts(log)
    assert not [place for place in other if first[place] == other[place]]
