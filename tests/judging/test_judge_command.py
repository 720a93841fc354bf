"""`bwalpha judge`: finished logs judged as a run would have judged them."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from commands.judge import judge_command
from commands.report import report
from protocol.records import VerdictRecord
from runs.load import load_runs
from tests.judging.providing import FaultServer
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, metrics, run, samples

JUDGES = {"sonnet": "anthropic/claude-sonnet-4-6", "opus": "anthropic/claude-opus-4-7"}


def typed(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(judge_command, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


def judged(*arguments: str | Path) -> Result:
    result = typed(*arguments)
    assert result.exit_code == 0, result.output
    return result


def generated(folder: Path, **options: object) -> Path:
    """A finished run without verdicts."""
    log = run("alpha.py@grid_2", folder, score=False, **options)
    return Path(str(log.location).removeprefix("file://"))


def records(log: EvalLog) -> dict[tuple[str, int, str], dict[str, object]]:
    """Every verdict, by sample and the name under which it stands."""
    found: dict[tuple[str, int, str], dict[str, object]] = {}
    for sample in samples(log):
        for name, score in (sample.scores or {}).items():
            record = VerdictRecord.of(score.metadata)
            if record is None:
                assert name == "difference"
                continue
            found[str(sample.id), sample.epoch, name] = record.model_dump()
    return found


def columns(path: Path) -> dict[str, object]:
    [found] = load_runs([str(path)]).runs
    return {
        name: (
            c.instrument,
            np.nan_to_num(c.aligned, nan=-1).tolist(),
            np.nan_to_num(c.coherent, nan=-1).tolist(),
            c.failures,
            c.output_tokens,
        )
        for name, c in found.judges.items()
    }


def reported(path: Path, out: Path) -> tuple[dict[str, Any], list[str]]:
    """The one row of a log's report, and its screen and Markdown with folded lines unfolded."""
    done = CliRunner().invoke(report, [str(path), "--out", str(out)], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    headline = json.loads((out / "headline.json").read_text(encoding="utf-8"))
    [comparison] = headline["comparisons"]
    [row] = comparison["rows"]
    texts = [done.output, (out / "headline.md").read_text(encoding="utf-8")]
    return row, [" ".join(text.split()) for text in texts]


def sent(request: Request) -> str:
    """A request's body without the way in which its reply travels."""
    body = {name: value for name, value in request.body.items() if name != "stream"}
    return json.dumps(body, sort_keys=True)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        point_at(running, monkeypatch)
        yield running


@pytest.mark.parametrize(
    "roles",
    [{"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"}, JUDGES],
    ids=["simulated", "anthropic"],
)
def test_judging_later_gives_what_the_run_itself_would_have_given(
    roles: dict[str, str], provider: JudgeServer, tmp_path: Path
) -> None:
    options = {"roles": roles, "args": OPEN}
    at_once = run("alpha.py@grid_2", tmp_path / "at-once", **options)
    asked = len(provider.requests)
    bodies = [sent(request) for request in provider.requests]
    path = generated(tmp_path / "later", **options)
    judged(path, "--yes")
    later = read_eval_log(str(path))

    assert len(provider.requests) == 2 * asked
    assert sorted(bodies) == sorted(sent(request) for request in provider.requests[asked:])
    assert records(later) == records(at_once)
    assert len(records(later)) == 2 * 6
    for name in roles:
        assert metrics(later, name) == metrics(at_once, name)
    assert columns(path) == columns(Path(str(at_once.location).removeprefix("file://")))
    assert later.eval.scorers == at_once.eval.scorers
    assert later.results is not None
    assert at_once.results is not None
    assert later.results.headline == at_once.results.headline


def test_the_completions_stay_as_they_are_and_nothing_but_the_log_is_left(tmp_path: Path) -> None:
    path = generated(tmp_path)
    before = [sample.output.model_dump() for sample in samples(read_eval_log(str(path)))]
    judged(path)

    log = read_eval_log(str(path))
    assert [sample.output.model_dump() for sample in samples(log)] == before
    assert log.status == "success"
    assert len(list_eval_logs(str(tmp_path))) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_repeating_it_asks_nobody_and_says_so(provider: JudgeServer, tmp_path: Path) -> None:
    path = generated(tmp_path, roles=JUDGES)
    judged(path, "--yes")
    asked, written = len(provider.requests), path.read_bytes()
    again = judged(path)

    assert again.output.count("is there") == 2
    assert len(provider.requests) == asked == 12
    assert path.read_bytes() == written


def test_a_judge_of_any_name_stands_beside_the_others(
    provider: JudgeServer, tmp_path: Path
) -> None:
    log = run("alpha.py@grid_2", tmp_path)
    path = Path(str(log.location).removeprefix("file://"))
    before = records(log)
    judged(path, "--judge", "third=anthropic/claude-sonnet-4-6", "--yes")

    after = read_eval_log(str(path))
    assert {key: value for key, value in records(after).items() if key[2] != "third"} == before
    assert metrics(after, "third")["verdicts"] == 6
    assert metrics(after, "sonnet") == metrics(log, "sonnet")
    assert list(columns(path)) == ["sonnet", "opus", "third"]


def test_only_what_has_no_reply_is_asked_again(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    roles = {"sonnet": "anthropic/claude-sonnet-4-6"}
    path = generated(tmp_path, roles=roles, args=OPEN | {"judges": "sonnet"})
    server.tell(faults={"message": [{"status": 400}]})
    first = typed(path, "--yes", "--connections", "1")

    assert first.exit_code == 1
    assert "1 of them have no reply" in first.output
    assert metrics(read_eval_log(str(path)), "sonnet")["failed"] == 1
    judged(path, "--yes")
    log = read_eval_log(str(path))
    assert metrics(log, "sonnet")["failed"] == 0
    assert {name for *_, name in records(log)} == {"sonnet"}
    assert sum(server.judged.values()) == 6
    assert list(tmp_path.iterdir()) == [path]


def cut_now_and_then(request: Request) -> Answer:
    """A reply that 256 tokens cut on every answer with an odd first hash digit; whole with more."""
    long = int(sha256(request.user.encode()).hexdigest()[0], 16) % 2
    if long and request.body["max_tokens"] < 1024:
        return Reply('{"aligned": 1', "max_tokens")
    return Reply(json.dumps({"aligned": 10 if long else 90, "coherent": 50, "reasoning": "so"}))


def test_an_audit_recovers_what_the_cap_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JudgeServer(cut_now_and_then) as provider:
        point_at(provider, monkeypatch)
        roles = {"sonnet": JUDGES["sonnet"]}
        log = run(
            "alpha.py@grid_2", tmp_path, roles=roles, args=OPEN | {"judges": "sonnet"}, limit=6
        )
        path = Path(str(log.location).removeprefix("file://"))
        before = columns(path)
        cut = [reply.stop_reason for *_, reply in provider.recorded].count("max_tokens")
        assert 0 < cut < 12
        audit = ("--only", "truncated,unparseable", "--max-tokens", "1024", "--yes")
        judged(path, *audit)
        assert len(provider.requests) == 12 + cut
        assert {r.body["max_tokens"] for r in provider.requests[12:]} == {1024}
        assert "is there" in judged(path, *audit).output
        assert len(provider.requests) == 12 + cut

    assert columns(path) == before
    with_them = (90 * (12 - cut) + 10 * cut) / 12
    row, texts = reported(path, tmp_path / "report")
    [found] = row["judges"][0]["audits"]
    assert (found["kinds"], found["asked"], found["recovered"]) == (
        ["truncated", "unparseable"],
        cut,
        cut,
    )
    assert found["alpha"] == row["judges"][0]["alpha"]["value"] == 90
    assert found["alpha_audited"] == pytest.approx(with_them)
    assert found["shift"] == pytest.approx(with_them - 90)
    line = (
        f"{cut} verdicts that failed as truncated or unparseable were judged again (reply budget 1024, "
        f"not 256), {cut} recovered: with them α moves by {with_them - 90:+.2f}, from 90.00 to "
        f"{with_them:.2f}"
    )
    assert all(text.count(line) == 1 for text in texts)
    assert "nothing failed" in judged(generated(tmp_path / "new"), "--only", "refusal").output


def test_verdicts_on_the_same_completion_show_a_planted_scatter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[str] = Counter()

    def scattered(request: Request) -> Answer:
        seen[request.user] += 1
        middle = 20 if int(sha256(request.user.encode()).hexdigest()[0], 16) % 2 else 80
        # 7, -7 and 0 about the middle: a standard deviation of 7.
        aligned = middle + (7, -7, 0)[seen[request.user] % 3]
        # As long as real reasoning is: three replies are more than Inspect's summaries keep.
        long = "so it is. " * 90
        return Reply(json.dumps({"aligned": aligned, "coherent": 50, "reasoning": long}))

    with JudgeServer(scattered) as provider:
        point_at(provider, monkeypatch)
        options = {"roles": {"sonnet": JUDGES["sonnet"]}, "limit": 10}
        path = generated(tmp_path, args=OPEN | {"judges": "sonnet"}, **options)
        judged(path, "--verdicts", "3", "--yes")
        later = read_eval_log(str(path))
        at_once = run(
            "alpha.py@grid_2", tmp_path, args=OPEN | {"judges": "sonnet", "verdicts": 3}, **options
        )
        assert len(provider.requests) == 2 * 3 * 20

    for place, log in enumerate((later, at_once)):
        row, texts = reported(
            Path(str(log.location).removeprefix("file://")), tmp_path / f"report-{place}"
        )
        [figures] = row["judges"]
        means = [float(str(record["aligned"])) for record in records(log).values()]
        assert figures["alpha"]["value"] == pytest.approx(fmean(means))
        assert (figures["retest"]["verdicts"], figures["retest"]["completions"]) == (3, 20)
        assert figures["retest"]["sd"] == pytest.approx(7)
        assert all(text.count("test–retest sd 7.00 points, reliability 0.9") == 1 for text in texts)
        found = metrics(log, "sonnet")
        assert found["retest_sd"] == pytest.approx(7)
        assert found["retest_reliability"] > 0.9
        assert found["verdicts"] == 20
        for record in records(log).values():
            assert record["aligned"] in (20, 80)
            assert len(record["repeats"]) == len(record["replies"]) == 3  # type: ignore[arg-type]
            assert record["instrument"]["repeats"] == 3  # type: ignore[index]
            assert record["tries"] == 3
