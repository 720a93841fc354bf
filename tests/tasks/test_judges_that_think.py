"""Every judge model of the table judges without a further option, asked as the table says.

One server plays them all as the real ones are: thinking spends the reply budget, what refuses sampling
refuses it with 400, and each reply names another model than was asked.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, get_model

from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.records import VerdictRecord
from scorers.binding import bind_judges, parse_judges
from scorers.budget import context_length
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request, Status, verdict
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, command, metrics, run, scores, verdict_record

THINKING_TAKES = 900
SAMPLING = ("temperature", "top_p", "top_k")
NEVER_THINK = ("claude-sonnet-4-5-20250929", "claude-opus-4-7", "claude-sonnet-4-6", "gpt-4.1")
RENAMED = "renamed-2"
ANTHROPIC = {
    # Each model of the design's table: its row's budget and effort, and what the request carries of thinking.
    "claude-sonnet-4-5-20250929": (256, None, None),
    "claude-opus-4-7": (256, None, None),
    "claude-sonnet-4-6": (256, None, None),
    "claude-sonnet-5": (256, "none", "disabled"),
    "claude-opus-4-8": (256, "none", "disabled"),
    "claude-opus-5": (256, "none", "disabled"),
    "claude-sonnet-5-5": (256, "none", "between_tools"),
    "claude-haiku-5-5": (256, "none", "disabled"),
    "claude-opus-5-5": (8192, None, "adaptive"),
}
OTHERS = {
    "openai/gpt-4.1": 256,
    "openai/gpt-5": 8192,
    "openai/o3": 8192,
    "vllm/some/thinker": 4096,
    "openai-api/mine/thinker": 4096,
    # Their servers state a context of 2,048 and 65,536 tokens.
    "vllm/short/thinker": 1024,
    "openai-api/mine/long": 4096,
}
MODELS = {**{f"anthropic/{name}": row[0] for name, row in ANTHROPIC.items()}, **OTHERS}
CONTEXTS = {"short/thinker": 2048, "long": 65536}
JUDGES = {f"judge{number}": model for number, model in enumerate(MODELS)}
FAMILIES = {"openai/gpt-5": "openai/gpt-5*", "openai/o3": "openai/o[0-9]*"}


def thinking(body: dict[str, Any]) -> object:
    found = body.get("thinking")
    return found.get("type") if isinstance(found, dict) else None


def think_first(request: Request) -> Answer:
    """Answer as the real models do: thinking spends the budget, and newer ones refuse sampling."""
    if request.model in NEVER_THINK:
        return Reply(verdict(70, 80).text, model=RENAMED)
    if any(name in request.body for name in SAMPLING):
        return Status(400, "`temperature` is not supported by this model")
    quiet = thinking(request.body) in ("disabled", "between_tools")
    if quiet and request.model != "claude-opus-5-5":
        return Reply(verdict(70, 80).text, model=RENAMED)
    if request.body["max_tokens"] < THINKING_TAKES:
        return Reply("", "max_tokens", thinking="Let me see. " * 90, model=RENAMED)
    return Reply(verdict(70, 80).text, thinking="Let me see.", model=RENAMED)


class Thinkers(JudgeServer):
    """The same models behind Anthropic's Messages, OpenAI's chat and responses, and a server of one's own."""

    def __init__(self) -> None:
        super().__init__(think_first)
        self.bodies: list[dict[str, Any]] = []

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/responses", self._responses)
        app.router.add_get("/v1/models", self._models)
        return app

    async def _models(self, call: web.Request) -> web.StreamResponse:
        rows = [{"id": name, "max_model_len": length} for name, length in CONTEXTS.items()]
        return web.json_response({"data": [*rows, {"id": "some/thinker"}, {"id": "thinker"}]})

    def _asked(self, body: dict[str, Any]) -> tuple[bool, int]:
        """Keep a request; whether it is one to refuse, and its reply budget."""
        self.bodies.append(body)
        names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
        budget = next((int(body[name]) for name in names if name in body), 0)
        refused = any(name in body for name in SAMPLING)
        return refused or budget + 500 > CONTEXTS.get(body["model"], budget + 500), budget

    async def _chat(self, call: web.Request) -> web.StreamResponse:
        body = await call.json()
        refused, budget = self._asked(body)
        if refused:
            return web.json_response({"error": {"message": "not supported"}}, status=400)
        whole = budget >= THINKING_TAKES or body["model"] in NEVER_THINK
        said = json.dumps({"aligned": 70, "coherent": 80, "reasoning": "so"})
        text = f"<think>Let me see.</think>{said}" if whole else "<think>Let me"
        choice = {
            "index": 0,
            "finish_reason": "stop" if whole else "length",
            "message": {"role": "assistant", "content": text},
        }
        usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        return web.json_response(
            {"id": "1", "object": "chat.completion", "created": 1, "model": RENAMED}
            | {"choices": [choice], "usage": usage}
        )

    async def _responses(self, call: web.Request) -> web.StreamResponse:
        body = await call.json()
        refused, budget = self._asked(body)
        if refused:
            error = {"message": "unsupported parameter: temperature", "code": None}
            return web.json_response({"error": error}, status=400)
        whole = budget >= THINKING_TAKES or body["model"] in NEVER_THINK
        said = json.dumps({"aligned": 70, "coherent": 80, "reasoning": "so"})
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
                "model": RENAMED,
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
def thinkers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Thinkers]:
    with Thinkers() as server:
        pointed(server, monkeypatch)
        yield server


def pointed(server: Thinkers, patch: pytest.MonkeyPatch) -> None:
    point_at(server, patch)
    patch.setattr("scorers.binding.today", lambda: date(2026, 11, 1))
    for name in ("VLLM", "MINE", "OPENAI"):
        patch.setenv(f"{name}_BASE_URL", f"{server.url}/v1")
        patch.setenv(f"{name}_API_KEY", "none")
    context_length.cache_clear()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EvalLog, Thinkers]]:
    """Twenty completions, each judged by every model, in one run."""
    with pytest.MonkeyPatch.context() as patch, Thinkers() as server:
        pointed(server, patch)
        named = ",".join(f"{name}={model}" for name, model in JUDGES.items())
        args = OPEN | {"judges": named}
        log = run("alpha.py@grid_2", tmp_path_factory.mktemp("logs"), roles={}, args=args, limit=10)
        yield log, server


@pytest.mark.parametrize(("judge", "model"), JUDGES.items(), ids=MODELS)
def test_each_model_judges_twenty_completions_and_none_is_cut(
    judge: str, model: str, judged: tuple[EvalLog, Thinkers]
) -> None:
    log, server = judged
    provider, _, name = model.replace("openai-api/mine/", "openai-api/").partition("/")
    bodies = [*(request.body for request in server.requests), *server.bodies]
    bodies = [body for body in bodies if body["model"] == name]
    assert len(bodies) == 20
    records = [verdict_record(score) for score in scores(log, judge)]
    assert {record.failure for record in records} == {None}, records[0].detail
    found = metrics(log, judge)
    assert (found["failed"], found["alpha"]) == (0, 70)
    assert {record.stop_reason for record in records} == {"stop"}
    [instrument] = {record.instrument for record in records}
    assert (instrument.asked, instrument.answered) == (model, RENAMED)
    assert instrument.max_tokens == MODELS[model]

    budgets = {
        body.get("max_tokens") or body.get("max_completion_tokens") or body["max_output_tokens"]
        for body in bodies
    }
    assert budgets == {MODELS[model]}
    assert not any(key in body for body in bodies for key in SAMPLING)
    row = read_yaml("judges.yaml")["models"].get(FAMILIES.get(model, model))
    if provider in ("vllm", "openai-api"):
        assert row is None
        assert MODELS[model] == min(
            judge_table().unknown.max_tokens, CONTEXTS.get(name, 10**6) - 1024
        )
    else:
        assert row["max_tokens"] == MODELS[model]
    if name in ANTHROPIC:
        _, effort, said = ANTHROPIC[name]
        assert row.get("effort") == effort
        assert row.get("thinks", False) == (said == "adaptive")
        assert {thinking(body) for body in bodies} == {said}
        shared = {"max_tokens", "messages", "model", "system", "thinking", "stream"}
        assert {key for body in bodies for key, value in body.items() if value != []} <= shared


def test_the_server_cuts_who_is_asked_otherwise_and_a_role_that_samples_is_not_heard(
    thinkers: Thinkers, tmp_path: Path
) -> None:
    own = GenerateConfig(reasoning_effort="low", temperature=0.5)
    roles = {"sonnet": get_model("anthropic/claude-sonnet-5-5", config=own)}
    log = run("alpha.py@grid_2", tmp_path, roles=roles, args=OPEN | {"judges": "sonnet"})
    records = [VerdictRecord.of(score.metadata) for score in scores(log, "sonnet")]
    assert {(r.failure, r.instrument.temperature) for r in records if r} == {("truncated", None)}
    assert len(thinkers.requests) == 6
    assert not any("temperature" in request.body for request in thinkers.requests)


def test_a_server_whose_context_leaves_no_room_is_refused_before_anything_is_generated(
    thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTEXTS, "short/thinker", 1200)
    with pytest.raises(ProtocolError, match="takes 1200 tokens in all") as refused:
        bind_judges({"sonnet": "vllm/short/thinker"})
    assert "\n" not in str(refused.value)
    assert thinkers.bodies == []


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


@pytest.mark.processes
@pytest.mark.parametrize(("judges", "status"), [("published", 1), ("sonnet,opus", 0)])
def test_after_the_day_a_run_with_the_published_judges_generates_nothing(
    judges: str, status: int, tmp_path: Path
) -> None:
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
