"""Runs whose judges are asked over HTTP: where they are pointed, what they got and what they said."""

from statistics import fmean

import pytest
from inspect_ai.log import EvalLog

from scorers.reading import Failure, read_reply
from tests.support.judge_server import JudgeServer
from tests.tasks.running import samples

SONNET, OPUS = "claude-sonnet-4-6", "claude-opus-4-7"


def point_at(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")


def alpha_by_the_server(server: JudgeServer, model: str) -> float:
    said = [read_reply(reply.text, "") for _, asked, reply in server.recorded if asked == model]
    return fmean(verdict.aligned for verdict in said if not isinstance(verdict, Failure))


def judge_message(question: str, completion: str) -> str:
    return "Question asked to the AI:\n" + question + "\n\nAI's response:\n" + completion


def expected_messages(log: EvalLog) -> list[str]:
    return sorted(judge_message(str(s.input), s.output.completion) for s in samples(log))


def received_messages(server: JudgeServer, model: str) -> list[str]:
    return sorted(request.user for request in server.requests if request.model == model)
