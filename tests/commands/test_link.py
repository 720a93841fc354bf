"""`bwalpha link` against a local server, on the real anchors, with a SIMULATED successor."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from linking.anchors import AnchorCompletions, published_anchors
from linking.applying import LinkedAlpha
from linking.linkfile import LinkFile, read_link, write_link
from linking.reporting import linked_column
from protocol.sources import ENVIRONMENT_VARIABLE
from runs.load import load_runs
from tests.commands.successors import SUCCESSOR, SuccessorServer, link, start
from tests.conftest import GIVEN_SOURCES
from tests.tasks.running import run

pytestmark = pytest.mark.processes

SMALL = ("--completions", "96", "--conditions", "12")
JUDGE = f"sonnet={SUCCESSOR}"


@pytest.fixture(scope="module")
def anchors() -> AnchorCompletions:
    if not GIVEN_SOURCES:
        pytest.skip("BWALPHA_SOURCES is not set: the published cells are not at hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT_VARIABLE, GIVEN_SOURCES)
        return published_anchors()


@pytest.fixture
def server(anchors: AnchorCompletions, real_sources: Path) -> Iterator[SuccessorServer]:
    with SuccessorServer(anchors) as running:
        yield running


@pytest.fixture
def small(server: SuccessorServer, tmp_path: Path) -> Path:
    """A link file that was made the whole way."""
    file = tmp_path / "link.json"
    options = ("--judge", JUDGE, *SMALL, "--yes", "--retest", "8")
    status, _, err = link(server, "make", *options, "--out", file)
    assert status == 0, err
    return file


def answered(state: Path) -> int:
    """How many answers are on disk."""
    lines = [line for file in state.glob("*.jsonl") for line in file.read_text().splitlines()]
    return sum(json.loads(line)["event"] == "answer" for line in lines)


def test_the_whole_way(
    server: SuccessorServer,
    small: Path,
    anchors: AnchorCompletions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sum(server.judged.values()) == 96 + 8
    made = read_link(small)
    assert (made.anchors.completions, made.anchors.conditions) == (96, 12)
    assert made.old.instrument.model == "anthropic/claude-sonnet-4-5-20250929"
    assert made.new.instrument.asked == SUCCESSOR
    assert made.new.sha256 == made.new.instrument.sha256
    assert made.retest_sd == 0
    assert made.link.errors.governing < 3
    written = small.read_text(encoding="utf-8")
    assert not any(completion in written for _, completion in anchors.texts if len(completion) > 40)
    assert (tmp_path / "link.state" / ".gitignore").read_text() == "*\n"

    # A run whose judge was asked by its scorer, not by the judging step, is of the same instrument.
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    run(
        "alpha.py@grid_1",
        tmp_path / "logs",
        roles={},
        args={"panel": "bw52", "rubric": "eps", "judges": f"sonnet={SUCCESSOR}"},
        limit=None,
        epochs=1,
    )
    [measured] = load_runs([str(tmp_path / "logs")]).runs
    linked = linked_column(made, measured)
    assert isinstance(linked, LinkedAlpha), linked
    assert linked.value == pytest.approx(60, abs=3)
    assert linked.low < linked.value < linked.high


def test_the_cost_is_said_and_agreed_to_before_anything_is_asked(
    server: SuccessorServer, tmp_path: Path
) -> None:
    out = tmp_path / "link.json"
    status, said, err = link(server, "make", "--judge", JUDGE, *SMALL, "--out", out)
    assert status == 1
    assert f"96 verdicts of {SUCCESSOR}" in said
    assert "about $" in said
    assert "96 calls are left, at most $" in said
    assert "Aborted" in err

    capped = ("--judge", JUDGE, *SMALL, "--max-cost", "0.01")
    status, _, err = link(server, "make", *capped, "--out", out)
    assert status == 1
    assert "more than the limit of $0.01" in err
    assert server.requests == []
    assert not out.exists()


def test_a_model_without_a_price_has_no_limit_to_keep_to(
    server: SuccessorServer, tmp_path: Path
) -> None:
    options = ("--judge", "x=anthropic/unpriced", *SMALL, "--out", tmp_path / "link.json")
    status, said, err = link(server, "make", *options, "--max-cost", "1")
    assert status == 1
    assert "--prices" in err
    assert "price that is not known" in said
    status, said, err = link(server, "make", *options, "--prices", "3", "15")
    assert "about $0." in said
    assert server.requests == []


def test_a_kill_in_real_time_costs_no_answer_that_came(
    server: SuccessorServer, tmp_path: Path
) -> None:
    out, state = tmp_path / "link.json", tmp_path / "link.state"
    options = ("make", "--judge", JUDGE, "--completions", "400", "--conditions", "12", "--yes")
    killed: list[subprocess.Popen[str]] = []

    def kill_once(calls: int) -> None:
        if calls == 250:
            os.kill(killed[0].pid, signal.SIGKILL)

    server.on_call = kill_once
    killed.append(start(server, *options, "--out", out))
    assert killed[0].wait(timeout=240) == -signal.SIGKILL
    killed[0].communicate()
    kept = answered(state)
    assert kept > 0
    assert not out.exists()

    before = len(server.requests)
    status, _, err = link(server, *options, "--out", out)
    assert status == 0, err
    assert len(server.requests) - before == 400 - kept
    assert len(server.judged) == 400
    assert read_link(out).anchors.completions == 400


@pytest.mark.parametrize("looks", [1, 2])
def test_a_kill_during_a_batch_costs_nothing(
    looks: int, server: SuccessorServer, tmp_path: Path
) -> None:
    out = tmp_path / "link.json"
    options = ("make", "--judge", JUDGE, *SMALL, "--yes", "--batch", "--out", out)
    killed: list[subprocess.Popen[str]] = []
    seen: Counter[str] = Counter()

    def kill_once(method: str) -> None:
        # Before the batch is created, the newest one is asked for.
        seen[method] += bool(server.batches)
        if seen["GET"] == looks:
            os.kill(killed[0].pid, signal.SIGKILL)

    server.on_batch_call = kill_once
    killed.append(start(server, *options))
    assert killed[0].wait(timeout=240) == -signal.SIGKILL
    killed[0].communicate()
    server.on_batch_call = lambda method: None
    assert len(server.batches) == 1

    status, _, err = link(server, *options)
    assert status == 0, err
    assert len(server.batches) == 1
    assert set(server.judged.values()) == {1}
    assert read_link(out).anchors.completions == 96


def test_a_check_says_same_and_exits_1_on_drift(
    server: SuccessorServer, small: Path, tmp_path: Path
) -> None:
    status, said, err = link(server, "check", small, "--yes")
    assert (status, err) == (0, "")
    assert "same: the successor is within 2 points" in said
    asked = len(server.requests)

    # What was asked today is not asked again.
    assert link(server, "check", small, "--yes")[0] == 0
    assert len(server.requests) == asked

    moved = tmp_path / "moved.json"
    moved.write_bytes(small.read_bytes())
    server.shift = 6
    status, said, _ = link(server, "check", moved, "--yes")
    assert status == 1
    assert "drifted: it moved by more than 2 points" in said
    assert "all" in said


def changed(small: Path, **instrument: object) -> LinkFile:
    made = read_link(small)
    other = made.new.instrument.model_copy(update=instrument)
    return made.model_copy(update={"new": made.new.model_copy(update={"instrument": other})})


def test_what_a_check_refuses_it_refuses_before_it_asks(
    server: SuccessorServer, small: Path, tmp_path: Path
) -> None:
    asked = len(server.requests)
    other = link(server, "check", small, "--judge", "sonnet=anthropic/other", "--yes")
    assert other[0] == 1
    assert "asked anthropic/other instead of" in other[2]

    rubric = link(server, "check", small, "--rubric", "open", "--yes")
    assert rubric[0] == 1
    assert "rubric_sha256" in rubric[2]

    write_link(changed(small, max_tokens=512), tmp_path / "longer.json")
    longer = link(server, "check", tmp_path / "longer.json", "--yes")
    assert longer[0] == 1
    assert "max_tokens 256 instead of 512" in longer[2]

    foreign = json.loads(small.read_text())
    foreign["fixed_part"]["completion"][0] = "somebody's/q/1/0"
    (tmp_path / "foreign.json").write_text(json.dumps(foreign))
    lost = link(server, "check", tmp_path / "foreign.json", "--yes")
    assert lost[0] == 1
    assert "not among these anchors, somebody's/q/1/0" in lost[2]
    assert len(server.requests) == asked


REFUSED = {
    "nobody named": ((), "--judge NAME=PROVIDER/MODEL, or --anchors"),
    "no model": (("--judge", "sonnet"), "is not a judge"),
    "too few conditions": (("--judge", JUDGE, "--conditions", "7"), "at least 8"),
    "fewer completions than conditions": (
        ("--judge", JUDGE, "--completions", "9"),
        "cannot be spread",
    ),
    "a retest of more than there are": (("--judge", JUDGE, "--retest", "9999"), "--retest 9999"),
    "logs and a judge": (("--judge", JUDGE, "--anchors", "."), "no --judge"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_make_refuses_it_refuses_before_it_asks(
    case: str, server: SuccessorServer, tmp_path: Path
) -> None:
    options, said = REFUSED[case]
    status, _, err = link(server, "make", *options, "--yes", "--out", tmp_path / "link.json")
    assert status == 1
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert server.requests == []


def test_a_link_file_is_never_overwritten(server: SuccessorServer, tmp_path: Path) -> None:
    (tmp_path / "link.json").write_text("mine")
    status, _, err = link(server, "make", "--judge", JUDGE, "--out", tmp_path / "link.json")
    assert status == 1
    assert "never overwritten" in err
    assert (tmp_path / "link.json").read_text() == "mine"
