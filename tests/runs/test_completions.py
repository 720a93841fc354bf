"""A run's completions are read back, whoever asked for them."""

from pathlib import Path

from inspect_ai.solver import generate

from runs.completions import read_answers
from runs.load import load_runs
from tests.tasks.running import run


def test_completions_of_another_solver_are_read_with_their_verdicts(tmp_path: Path) -> None:
    run("alpha.py@grid_2", tmp_path, limit=2, solver=generate())
    [found] = load_runs([str(tmp_path)]).runs
    assert found.condition == "solver inspect_ai/generate"
    read = read_answers(found)
    answers = [answer for of_question in read.answers.values() for answer in of_question]
    assert (read.prompt, read.epochs, len(answers)) == (None, 2, 4)
    assert [answer.epoch for answer in answers] == [1, 2, 1, 2]
    assert {tuple(answer.scores) for answer in answers} == {("sonnet", "opus")}
    assert min(len(answer.text) for answer in answers) > 0
    assert [answer.invalidated for answer in answers] == [False] * 4
