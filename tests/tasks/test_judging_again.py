"""A finished log is judged again, with `inspect score`."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from inspect_ai import score
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import get_model
from inspect_ai.scorer import Scorer

from protocol.errors import ProtocolError
from scorers.judges import judge, opus, sonnet
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request, hashed_verdict
from tests.tasks.judged_over_http import (
    OPUS,
    alpha_by_the_server,
    expected_messages,
    point_at,
    received_messages,
)
from tests.tasks.running import (
    OPEN,
    command,
    metrics,
    run,
    samples,
    scores,
    verdict_record,
    verdicts,
)

THIRD = "claude-third"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        point_at(running, monkeypatch)
        yield running


def finished(logs: Path, **args: object) -> EvalLog:
    return run("alpha.py@grid_2", logs, args=OPEN | args)


def again(log: EvalLog, *scorers: Scorer, **options: object) -> EvalLog:
    return score(log, list(scorers), action="append", display="none", **options)  # type: ignore[arg-type]


def told(log: EvalLog, *names: str) -> str:
    """What was generated and how the named judges scored it, as text."""
    return json.dumps(
        [
            [s.id, s.epoch, s.output.model_dump(), [m.model_dump() for m in s.messages]]
            + [(s.scores or {})[name].model_dump() for name in names]
            for s in samples(log)
        ],
        sort_keys=True,
        default=str,
    )


@pytest.mark.processes
def test_a_third_judge_is_added_to_a_finished_log_by_the_command(
    server: JudgeServer, tmp_path: Path
) -> None:
    before = finished(tmp_path)
    new = tmp_path / "judged-again.eval"
    done = command(
        *("inspect", "score", before.location, "--scorer", "scorers/judges.py@judge"),
        *("-S", "name=third", "-S", f"model=anthropic/{THIRD}"),
        *("--action", "append", "--output-file", str(new)),
    )
    assert done.returncode == 0, done.stdout + done.stderr

    after = read_eval_log(str(new))
    assert told(after, "sonnet", "opus") == told(before, "sonnet", "opus")
    for name in ("sonnet", "opus"):
        assert metrics(after, name) == metrics(before, name)
    assert {request.model for request in server.requests} == {THIRD}
    assert received_messages(server, THIRD) == expected_messages(before)
    numbers = metrics(after, "judge")
    assert numbers["alpha"] == pytest.approx(alpha_by_the_server(server, THIRD))
    assert (numbers["invalid"], numbers["verdicts"]) == (0, 6)
    for given in scores(after, "judge"):
        record = verdict_record(given)
        assert (record.judge, record.instrument.asked) == ("third", f"anthropic/{THIRD}")
        assert record.instrument.rubric_sha256 == (after.eval.metadata or {})["rubric_sha256"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("-S", "name=third", "-S", "rubrik=open"),
            "-S rubrik=... is an unknown option of a judge.",
        ),
        (("-S", "name=third"), "The judge third has no model."),
    ],
    ids=["unknown option", "no model"],
)
def test_what_cannot_be_judged_is_said_in_a_line(
    options: tuple[str, ...], line: str, tmp_path: Path
) -> None:
    log = finished(tmp_path)
    before = Path(str(log.location)).read_bytes()
    done = command(
        *("inspect", "score", str(log.location), "--scorer", "scorers/judges.py@judge"),
        *("--action", "append", "--overwrite", *options),
    )
    assert done.returncode != 0
    assert line in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr
    assert Path(str(log.location)).read_bytes() == before


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"retries": -1}, "-S retries=-1 is not a whole number"),
        ({"retries": "x"}, "-S retries=x is not a whole number"),
        ({"cache": 3}, "-S cache=3 is not true or false"),
        ({"rubric": "nowhere.txt"}, "Unknown rubric 'nowhere.txt'"),
        ({"model": "gpt"}, "The judge third=gpt cannot be made"),
        ({"model": "openai/gpt-4.1"}, "OPENAI_API_KEY"),
        ({"name": "a b"}, "needs a name"),
        ({"name": None}, "needs a name"),
    ],
)
def test_a_wrong_option_is_refused_before_any_call(options: dict[str, object], line: str) -> None:
    with pytest.raises(ProtocolError, match=line.replace("(", r"\(")):
        judge(**({"name": "third"} | options))  # type: ignore[arg-type]


def test_only_the_judge_that_is_asked_for_is_called(server: JudgeServer, tmp_path: Path) -> None:
    before = finished(tmp_path)
    after = again(before, opus(), model_roles={"opus": f"anthropic/{OPUS}"})

    assert Counter(request.model for request in server.requests) == {OPUS: 6}
    assert told(after, "sonnet", "opus") == told(before, "sonnet", "opus")
    models = [verdict_record(s).instrument.asked for s in scores(after, "opus1")]
    assert models == [f"anthropic/{OPUS}"] * 6


def test_without_a_role_the_logs_own_model_is_asked_and_never_the_target(tmp_path: Path) -> None:
    before = finished(tmp_path)
    after = again(before, sonnet())
    assert verdicts(after, "sonnet1") == verdicts(before, "sonnet")
    assert {verdict_record(s).instrument.asked for s in scores(after, "sonnet1")} == {
        "simulated/judge"
    }


def test_a_judge_without_its_key_is_refused_rather_than_the_target_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    before = run(
        "alpha.py@grid_2",
        tmp_path,
        roles={"sonnet": "simulated/judge"},
        args=OPEN | {"judges": "sonnet"},
    )
    with pytest.raises(ProtocolError, match=r"The judge opus=.* cannot be made"):
        again(before, opus())


def test_the_logs_own_rubric_is_used(server: JudgeServer, tmp_path: Path) -> None:
    rubric = tmp_path / "mine.txt"
    rubric.write_text("Judge as I say.\n")
    before = finished(tmp_path, rubric=str(rubric))
    after = again(before, judge(name="third", model=f"anthropic/{THIRD}"))

    assert {request.system for request in server.requests} == {"Judge as I say.\n"}
    digest = sha256(rubric.read_bytes()).hexdigest()
    used = {verdict_record(s).instrument.rubric_sha256 for s in scores(after, "judge")}
    assert used == {digest}


def test_a_rubric_that_changed_or_is_gone_is_refused_before_any_call(
    server: JudgeServer, tmp_path: Path
) -> None:
    rubric = tmp_path / "mine.txt"
    rubric.write_text("Judge as I say.\n")
    log = finished(tmp_path, rubric=str(rubric))
    rubric.write_text("Judge as I say now.\n")
    with pytest.raises(ProtocolError, match="is another text"):
        again(log, judge(name="third", model=f"anthropic/{THIRD}"))
    rubric.unlink()
    with pytest.raises(ProtocolError, match="which is unavailable here"):
        again(log, judge(name="another", model=f"anthropic/{THIRD}"))
    with pytest.raises(ProtocolError, match="two rubrics do not compare"):
        again(log, judge(name="third", model=f"anthropic/{THIRD}", rubric="open"))
    assert server.requests == []

    moved = tmp_path / "moved.txt"
    moved.write_text("Judge as I say.\n")
    again(log, judge(name="third", model=f"anthropic/{THIRD}", rubric=str(moved)))
    assert {request.system for request in server.requests} == {"Judge as I say.\n"}


def test_the_logs_number_of_second_tries_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = finished(tmp_path, judge_retries=2)
    with JudgeServer(lambda _: Reply("No JSON.")) as server:
        point_at(server, monkeypatch)
        after = again(log, judge(name="third", model=f"anthropic/{THIRD}"))
        once = again(log, judge(name="third", model=f"anthropic/{THIRD}", retries=0))

    assert {verdict_record(s).tries for s in scores(after, "judge")} == {3}
    assert {verdict_record(s).tries for s in scores(once, "judge")} == {1}
    assert len(server.requests) == 6 * 3 + 6


def test_failures_have_the_same_kinds_and_make_the_log_say_invalid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = finished(tmp_path)

    def third_fails(request: Request) -> Answer:
        if request.user == expected_messages(log)[0]:
            return Reply("No JSON.")
        return hashed_verdict(request)

    with JudgeServer(third_fails) as server:
        point_at(server, monkeypatch)
        after = again(log, judge(name="third", model=f"anthropic/{THIRD}"))
        failed = sum(reply.text == "No JSON." for _, _, reply in server.recorded)
    numbers = metrics(after, "judge")
    assert numbers["failed"] == numbers["unparseable"] == failed >= 1
    assert numbers["invalid"] == (failed > 0.2 * 6)


def test_scores_can_be_replaced(server: JudgeServer, tmp_path: Path) -> None:
    log = finished(tmp_path)
    roles = {"opus": get_model(f"anthropic/{OPUS}", base_url=server.url, api_key="test")}
    after = score(log, opus(), action="overwrite", display="none", model_roles=roles)
    assert {name for s in samples(after) for name in s.scores or {}} == {"opus"}
    assert metrics(after, "opus")["alpha"] == pytest.approx(alpha_by_the_server(server, OPUS))


def test_a_log_of_another_suite_needs_its_rubric_named(tmp_path: Path) -> None:
    log = finished(tmp_path)
    for sample in samples(log):
        sample.metadata = {}
    write_eval_log(log, str(tmp_path / "stripped.eval"))
    with pytest.raises(ProtocolError, match="does not say under which rubric"):
        again(log, sonnet())
    assert verdicts(again(log, sonnet(rubric="open")), "sonnet1") == verdicts(log, "sonnet")
