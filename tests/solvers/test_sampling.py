import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.solver import Solver

from protocol.conditions import load_condition
from protocol.seeds import completion_seed
from solvers import conditions
from solvers.sampling import against_model_defaults
from tests.tasks.running import samples, system_messages, target_seeds


def answer(solver: Solver, logs: Path, *, seed: int | None = None, epochs: int = 2) -> EvalLog:
    task = Task(dataset=[Sample(id="q1", input="Why?")], solver=solver)
    [log] = eval(
        task,
        model="simulated/target",
        epochs=epochs,
        seed=seed,
        log_dir=str(logs),
        display="none",
        log_realtime=False,
    )
    assert log.status == "success", log.error
    return log


SOLVERS = {
    "pair_111": conditions.pair_111,
    "grid_1": conditions.grid_1,
    "grid_2": conditions.grid_2,
    "grid_3": conditions.grid_3,
}


@pytest.mark.parametrize("name", SOLVERS)
def test_a_conditions_solver_puts_its_prompt_before_the_question(name: str, tmp_path: Path) -> None:
    log = answer(SOLVERS[name](), tmp_path, epochs=1)
    [sample] = samples(log)
    assert [message.role for message in sample.messages] == ["system", "user", "assistant"]
    assert system_messages(sample) == [load_condition(name).prompt]
    assert sample.metadata["condition"] == name


@pytest.mark.parametrize("solver", [conditions.null, conditions.c6_em])
def test_conditions_without_a_prompt_send_no_system_message(
    solver: type[Solver], tmp_path: Path
) -> None:
    [sample] = samples(answer(solver(), tmp_path, epochs=1))
    assert [message.role for message in sample.messages] == ["user", "assistant"]


def test_the_seed_of_a_completion_is_the_documented_one(tmp_path: Path) -> None:
    log = answer(conditions.null(), tmp_path, epochs=3)
    assert target_seeds(log) == {
        ("q1", epoch): int(hashlib.sha256(f"42:q1:{epoch}".encode()).hexdigest()[:8], 16) // 2
        for epoch in (1, 2, 3)
    }


def test_the_solvers_own_seed_wins_over_the_models(tmp_path: Path) -> None:
    log = answer(conditions.null(seed=7), tmp_path, seed=9, epochs=1)
    assert target_seeds(log) == {("q1", 1): completion_seed(7, "q1", 1)}


def test_the_models_seed_is_the_base_seed_without_one(tmp_path: Path) -> None:
    log = answer(conditions.null(), tmp_path, seed=9, epochs=1)
    assert target_seeds(log) == {("q1", 1): completion_seed(9, "q1", 1)}


def test_a_conditions_completions_of_one_question_differ(tmp_path: Path) -> None:
    said = [s.output.completion for s in samples(answer(conditions.grid_2(), tmp_path, epochs=20))]
    assert len(set(said)) == 20


def test_no_two_completions_of_a_run_share_a_seed() -> None:
    places = [(f"wang_{q:02d}", epoch) for q in range(1, 53) for epoch in range(1, 21)]
    for base in (42, 137, 256):
        assert len({completion_seed(base, *place) for place in places}) == 1040


def test_a_vllm_server_is_kept_from_adding_the_models_own_sampling() -> None:
    given = against_model_defaults("vllm", {"min_p": 0.1, "top_n": 3})
    assert given == {
        "extra_body": {"top_k": -1, "min_p": 0.1, "repetition_penalty": 1.0, "top_n": 3}
    }


@pytest.mark.parametrize("provider", ["openai", "anthropic", "simulated", "openai-api"])
def test_other_providers_are_sent_nothing_that_they_may_refuse(provider: str) -> None:
    assert against_model_defaults(provider, {"x": 1}) == {}


@given(st.integers(), st.text(), st.integers(1))
def test_a_seed_fits_what_every_provider_takes(base: int, question: str, epoch: int) -> None:
    # UTF-8 has no lone surrogates, and an id with one is no id.
    if any("\ud800" <= c <= "\udfff" for c in question):
        return
    assert 0 <= completion_seed(base, question, epoch) < 2**31
