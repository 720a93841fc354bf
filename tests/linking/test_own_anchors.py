"""A link made of own logs is checked on them: is the successor still what it was?"""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from inspect_ai import eval_set

from commands.main import main
from linking.linkfile import read_link
from tests.tasks.running import JUDGES, OPEN

PROMPTS = [f"Answer number {n}. Be {'stern and official ' * n}today." for n in range(9)]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.custom import prompt

    folder = tmp_path_factory.mktemp("anchors") / "logs"
    tasks = [prompt(prompt=text, name=f"own_{n}", **OPEN) for n, text in enumerate(PROMPTS)]
    done, _ = eval_set(
        tasks,
        log_dir=str(folder),
        model="simulated/target",
        model_roles=dict(JUDGES),
        epochs=1,
        limit=12,
        display="none",
        log_realtime=False,
    )
    assert done
    return folder


def link(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["link", *map(str, arguments)])


@pytest.fixture(scope="module")
def made(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("link") / "link.json"
    result = link("make", "--anchors", logs, "--old", "opus", "--new", "sonnet", "--out", file)
    assert result.exit_code == 0, result.output
    return file


def test_a_successor_that_is_what_it_was_is_called_the_same(made: Path, logs: Path) -> None:
    linked = read_link(made)
    assert linked.anchors.conditions == len(PROMPTS)
    result = link("check", made, "--anchors", logs, "--rubric", "open", "--yes")
    assert result.exit_code == 0, result.output
    assert "same: the successor is within 2 points" in result.output


def test_anchors_that_the_link_was_not_made_from_are_refused_before_anybody_is_asked(
    made: Path, logs: Path
) -> None:
    one = next(iter(sorted(logs.glob("*.eval"))))
    result = link("check", made, "--anchors", one, "--rubric", "open", "--yes")
    assert result.exit_code == 1
    assert "not among these anchors" in result.output
    before = set(made.parent.rglob("*"))
    other = "sonnet=simulated/judge-lenient"
    told = link("check", made, "--judge", other, "--anchors", logs, "--rubric", "open")
    assert told.exit_code == 1
    assert "judge-lenient" in told.output
    assert set(made.parent.rglob("*")) == before
