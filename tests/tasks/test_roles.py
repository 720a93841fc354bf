from pathlib import Path

import pytest

from protocol.judges import judge_table
from scorers.binding import parse_judges
from tests.tasks.running import OPEN, command, metrics, run, scores, verdict_record


def judge_calls(logs: Path, **options: object) -> dict[str, set[str]]:
    log = run("alpha.py@grid_2", logs, epochs=1, limit=1, **options)
    return {
        name: {verdict_record(score).instrument.asked for score in scores(log, name)}
        for name in (log.eval.metadata or {})["judges"]
    }


def test_each_role_is_judged_by_the_model_it_was_given(tmp_path: Path) -> None:
    swapped = {"sonnet": "simulated/judge-lenient", "opus": "simulated/judge"}
    assert judge_calls(tmp_path, roles=swapped) == {
        "sonnet": {"simulated/judge-lenient"},
        "opus": {"simulated/judge"},
    }


def test_two_roles_on_one_model_agree(tmp_path: Path) -> None:
    both = {"sonnet": "simulated/judge", "opus": "simulated/judge"}
    log = run("alpha.py@grid_2", tmp_path, roles=both)
    assert metrics(log, "sonnet") == metrics(log, "opus")


@pytest.mark.parametrize("as_list", [False, True], ids=["text", "as Inspect splits it"])
def test_judges_can_be_added_and_left_out(as_list: bool, tmp_path: Path) -> None:
    given = "sonnet,third=simulated/judge-lenient"
    args = OPEN | {"judges": given.split(",") if as_list else given}
    roles = {"sonnet": "simulated/judge"}
    log = run("alpha.py@grid_2", tmp_path, roles=roles, args=args)

    assert log.results is not None
    assert list(dict.fromkeys(row.name for row in log.results.scores)) == ["sonnet", "third"]
    assert {(s.metadata or {})["judge"] for s in scores(log, "third")} == {"third"}
    assert metrics(log, "third")["alpha"] > metrics(log, "sonnet")["alpha"]


def test_a_role_beats_the_model_named_with_the_judge(tmp_path: Path) -> None:
    args = OPEN | {"judges": "third=simulated/judge"}
    roles = {"third": "simulated/judge-lenient"}
    assert judge_calls(tmp_path, roles=roles, args=args) == {"third": {"simulated/judge-lenient"}}


def test_the_target_never_judges_itself_unasked(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=1)
    for judge in ("sonnet", "opus"):
        assert {verdict_record(s).instrument.asked for s in scores(log, judge)} != {log.eval.model}


@pytest.mark.processes
def test_the_console_names_each_judge_at_its_alpha(tmp_path: Path) -> None:
    done = command(
        *("inspect", "eval", "tasks/alpha.py@grid_2", "--model", "simulated/target"),
        *("--model-role", "sonnet={model: simulated/judge, model_args: {garbage: 0.5}}"),
        *("--model-role", "opus=simulated/judge-lenient"),
        *("-T", "judges=sonnet,opus,third=simulated/judge"),
        *("-T", "panel=open52", "-T", "rubric=open", "--limit", "4", "--epochs", "1"),
        *("--display", "plain", "--log-dir", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    for judge in ("sonnet", "opus", "third"):
        assert judge in done.stdout
    assert done.stdout.count("alpha_low") == 3


def test_judges_are_read_in_order_with_their_defaults() -> None:
    assert parse_judges("sonnet, opus ,gpt = openai/gpt-4.1") == judge_table().default | {
        "gpt": "openai/gpt-4.1"
    }
    assert parse_judges("opus=anthropic/other") == {"opus": "anthropic/other"}
