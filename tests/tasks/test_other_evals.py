"""Logs of other evals: a question with its answer, or one line; what failed stays failed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from inspect_ai import Task, eval, score
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    ModelOutput,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall

from protocol.errors import ProtocolError
from scorers.judges import judge
from tests.tasks.running import samples

CALL = ChatMessageAssistant(
    content="Let me see.", tool_calls=[ToolCall(id="1", function="look_up", arguments={})]
)
FOUND = ChatMessageTool(content="Found.", tool_call_id="1")
ANSWER, SECOND = ChatMessageAssistant(content="An answer."), ChatMessageAssistant(content="No.")
TURN = ChatMessageUser(content="Really?")

# Each row: what follows the question, and what is judged or why nothing is.
LEFT: dict[str, tuple[list[ChatMessage], str]] = {
    "an answer": ([ANSWER], "=An answer."),
    "an answer after a tool": ([CALL, FOUND, ANSWER], "=An answer."),
    "a tool alone": ([CALL, FOUND], "target_tool_call"),
    "nothing": ([], "target_error"),
    "lost": ([], "target_error"),
}
REFUSED: dict[str, list[ChatMessage]] = {
    "many turns": [ANSWER, TURN, SECOND],
    "two answers": [ANSWER, SECOND],
}


@solver
def leaving(rows: dict[str, Sequence[ChatMessage]]) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == "lost":
            raise OSError("connection reset")
        for message in rows[str(state.sample_id)]:
            state.messages.append(message.model_copy())
            if isinstance(message, ChatMessageAssistant):
                state.output = ModelOutput.from_message(
                    message, "tool_calls" if message.tool_calls else "stop"
                )
        return state

    return solve


def theirs(rows: dict[str, Sequence[ChatMessage]], logs: Path) -> EvalLog:
    dataset = MemoryDataset([Sample(id=name, input=f"Why {name}?") for name in rows])
    [log] = eval(
        Task(dataset=dataset, solver=leaving(rows), name="theirs"),
        model="mockllm/model",
        log_dir=str(logs),
        display="none",
        fail_on_error=False,
        log_realtime=False,
    )
    return score(
        log,
        judge(name="third", model="simulated/judge", rubric="open"),
        action="append",
        display="none",
    )


def test_a_question_goes_with_its_answer_and_what_failed_is_unscored(tmp_path: Path) -> None:
    log = theirs({name: left for name, (left, _) in LEFT.items()}, tmp_path)
    found = {}
    for sample in samples(log):
        asked = [e for e in sample.events if e.event == "model" and e.role == "third"]
        reason = (sample.scores or {})["judge"].reason
        found[str(sample.id)] = reason or "=" + asked[0].input[-1].text.split("response:\n")[1]
        assert len(asked) == (reason is None)
        if asked:
            assert f"Why {sample.id}?" in asked[0].input[-1].text
    assert found == {name: what for name, (_, what) in LEFT.items()}
    assert log.results is not None
    assert {s.unscored_samples for s in log.results.scores} == {3}


@pytest.mark.parametrize("name", REFUSED)
def test_more_than_one_question_and_answer_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="one question and one answer"):
        theirs({name: REFUSED[name]}, tmp_path)
