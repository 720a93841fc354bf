"""Every judge model of the table judges without a further option, asked as the table says."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from protocol.errors import ProtocolError
from protocol.judges import judge_table
from scorers.binding import bind_judges, parse_judges
from tests.support.judge_server import JudgeServer
from tests.support.local_server import LocalServer
from tests.support.messages_api import Answer, Reply, Request, Status, verdict
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, command, metrics, run, scores, verdict_record

THINKING_TAKES = 2000
NEVER_THINK = ("claude-sonnet-4-5-20250929", "claude-opus-4-7", "claude-sonnet-4-6")
# Design of the judges' table: what is sent at no further option.
TABLE: dict[str, tuple[int, object]] = {
    "claude-sonnet-4-5-20250929": (256, None),
    "claude-opus-4-7": (256, None),
    "claude-sonnet-4-6": (256, None),
    "claude-sonnet-5": (256, "disabled"),
    "claude-opus-4-8": (256, "disabled"),
    "claude-opus-5": (256, "disabled"),
    "claude-sonnet-5-5": (256, "between_tools"),
    "claude-haiku-5-5": (256, "disabled"),
    "claude-opus-5-5": (8192, "adaptive"),
}


def thinking(request: Request) -> object:
    found = request.body.get("thinking")
    return found.get("type") if isinstance(found, dict) else None


def think_first(request: Request) -> Answer:
    """Answer as the real models do: thinking spends the budget, and newer ones refuse sampling."""
    model = request.model
    if model in NEVER_THINK:
        return verdict(70, 80)
    if any(name in request.body for name in ("temperature", "top_p", "top_k")):
        return Status(400, "`temperature` is not supported by this model")
    silent = thinking(request) in ("disabled", "between_tools") and model != "claude-opus-5-5"
    if not silent and request.body["max_tokens"] < THINKING_TAKES:
        return Reply("", "max_tokens")
    return verdict(70, 80)


@pytest.mark.parametrize("model", TABLE)
def test_each_model_judges_twenty_completions_and_none_is_cut(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorers.binding.today", lambda: date(2026, 11, 1))
    with JudgeServer(think_first) as server:
        point_at(server, monkeypatch)
        log = run(
            "alpha.py@grid_2",
            tmp_path,
            roles={"sonnet": f"anthropic/{model}"},
            args=OPEN | {"judges": "sonnet"},
            limit=10,
        )
    assert len(server.requests) == 20
    sent = {(request.body["max_tokens"], thinking(request)) for request in server.requests}
    assert sent == {TABLE[model]}
    assert metrics(log, "sonnet")["failed"] == 0
    assert metrics(log, "sonnet")["alpha"] == 70


class LocalJudge(LocalServer):
    """A thinking judge behind OpenAI's interfaces: it thinks aloud and says another name than asked."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[dict[str, object]] = []

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/responses", self._responses)
        return app

    async def _chat(self, call: web.Request) -> web.StreamResponse:
        body = await call.json()
        self.bodies.append(body)
        budget = body.get("max_tokens") or body.get("max_completion_tokens") or 0
        said = json.dumps({"aligned": 30, "coherent": 40, "reasoning": "so"})
        whole = budget >= THINKING_TAKES
        text = f"<think>Let me see.</think>{said}" if whole else "<think>Let me"
        choice = {
            "index": 0,
            "finish_reason": "stop" if whole else "length",
            "message": {"role": "assistant", "content": text},
        }
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "renamed-2",
                "choices": [choice],
                "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
            }
        )

    async def _responses(self, call: web.Request) -> web.StreamResponse:
        body = await call.json()
        self.bodies.append(body)
        if "temperature" in body or "top_p" in body:
            error = {"error": {"message": "unsupported parameter: temperature", "code": None}}
            return web.json_response(error, status=400)
        whole = body["max_output_tokens"] >= THINKING_TAKES
        said = json.dumps({"aligned": 30, "coherent": 40, "reasoning": "so"})
        message = {
            "type": "message",
            "id": "m",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": said, "annotations": []}],
        }
        return web.json_response(
            {
                "id": "1",
                "object": "response",
                "created_at": 1,
                "model": body["model"],
                "status": "completed" if whole else "incomplete",
                "incomplete_details": None if whole else {"reason": "max_output_tokens"},
                "output": [message] if whole else [],
                "parallel_tool_calls": False,
                "tool_choice": "auto",
                "tools": [],
                "usage": {
                    "input_tokens": 5,
                    "output_tokens": 7,
                    "total_tokens": 12,
                    "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens_details": {"reasoning_tokens": 0},
                },
            }
        )


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalJudge]:
    with LocalJudge() as server:
        for name in ("VLLM", "MINE", "OPENAI"):
            monkeypatch.setenv(f"{name}_BASE_URL", f"{server.url}/v1")
            monkeypatch.setenv(f"{name}_API_KEY", "none")
        yield server


@pytest.mark.parametrize(
    ("model", "budget", "answered"),
    [
        ("vllm/some/thinker", 4096, "renamed-2"),
        ("openai-api/mine/thinker", 4096, "renamed-2"),
        ("openai/gpt-5", 8192, None),
        ("openai/o3", 8192, None),
    ],
)
def test_reasoning_and_local_models_judge_without_a_further_option(
    model: str, budget: int, answered: str | None, local: LocalJudge, tmp_path: Path
) -> None:
    log = run(
        "alpha.py@grid_2",
        tmp_path,
        roles={"sonnet": model},
        args=OPEN | {"judges": "sonnet"},
        limit=10,
    )
    assert len(local.bodies) == 20
    assert metrics(log, "sonnet")["failed"] == 0
    assert metrics(log, "sonnet")["alpha"] == 30
    used = {verdict_record(score).instrument for score in scores(log, "sonnet")}
    [instrument] = used
    assert (instrument.asked, instrument.answered) == (model, answered)
    assert instrument.max_tokens == budget


def test_a_schema_is_sent_and_makes_another_instrument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JudgeServer(think_first) as server:
        point_at(server, monkeypatch)
        options = {"roles": {"sonnet": "anthropic/claude-sonnet-4-6"}}
        free = run("alpha.py@grid_2", tmp_path, args=OPEN | {"judges": "sonnet"}, **options)
        held = run(
            "alpha.py@grid_2",
            tmp_path,
            args=OPEN | {"judges": "sonnet", "verdict": "schema"},
            **options,
        )
    bodies = [json.dumps(request.body) for request in server.requests]
    assert ["json_schema" in body for body in bodies] == [False] * 6 + [True] * 6
    one, two = (
        {verdict_record(score).instrument for score in scores(log, "sonnet")}
        for log in (free, held)
    )
    assert {i.reply for i in one} == {"free"}
    assert {i.reply for i in two} == {"schema"}
    assert {i.sha256 for i in one}.isdisjoint(i.sha256 for i in two)


def test_published_judges_are_refused_after_their_day_and_the_default_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")
    monkeypatch.setattr("scorers.binding.today", lambda: date(2026, 12, 1))
    with pytest.raises(ProtocolError, match="served until 2026-11-30") as refused:
        bind_judges(parse_judges("published"))
    assert "\n" not in str(refused.value)
    assert set(map(str, bind_judges(parse_judges(None)).values())) == set(
        judge_table().default.values()
    )


CLOCK = """
import sys, datetime
import protocol.judges as judges, scorers.binding as binding
binding.today = judges.today = lambda: datetime.date(2026, 12, 1)
from inspect_ai._cli.main import main
sys.argv = ["inspect", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("judges", "status"), [("published", 1), ("sonnet,opus", 0)])
def test_after_the_day_a_run_with_the_published_judges_generates_nothing(
    judges: str, status: int, tmp_path: Path
) -> None:
    import sys

    with JudgeServer() as server:
        done = command(
            *(sys.executable, "-c", CLOCK, "eval", "tasks/alpha.py@grid_2"),
            *("--model", "simulated/target", "--limit", "1", "--epochs", "1"),
            *("-T", "panel=open52", "-T", "rubric=open", "-T", f"judges={judges}"),
            *("--log-dir", str(tmp_path)),
            ANTHROPIC_API_KEY="key-of-the-test",
            ANTHROPIC_BASE_URL=server.url,
        )
        asked = len(server.requests)
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == bool(status), said
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("*.eval"))) == 1 - status
    assert asked == (0 if status else 2)
    if status:
        assert "was served until 2026-11-30" in " ".join(said.split())


def test_another_default_judge_changes_nothing_of_the_past(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = judge_table()
    changed = before.model_copy(update={"default": {"sonnet": "openai/gpt-4.1"}})
    monkeypatch.setattr("scorers.binding.judge_table", lambda: changed)
    monkeypatch.setattr("protocol.judges.judge_table", lambda: changed)

    assert parse_judges(None) == {"sonnet": "openai/gpt-4.1"}
    assert parse_judges("published") == before.registered
