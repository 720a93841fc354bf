import asyncio
import json
from collections.abc import Callable

import pytest
import tenacity
from inspect_ai.model import (
    BatchConfig,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    _retry,
    get_model,
)

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import (
    BATCH_ERRORED,
    CONTENT_FILTER,
    OVERLOADED,
    RATE_LIMITED,
    SERVER_ERROR,
    Answer,
    Cancelled,
    DropConnection,
    Empty,
    Expired,
    Hang,
    Refusal,
    Reply,
    Request,
    Status,
    hashed_verdict,
    verdict,
)

BATCH = BatchConfig(size=100, send_delay=0.1, tick=0.02)
MODES = pytest.mark.parametrize("batch", [None, BATCH], ids=["realtime", "batch"])


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_retry, "wait_exponential_jitter", lambda **_: tenacity.wait_none())


def judge(server: JudgeServer) -> Model:
    return get_model(
        "anthropic/claude-x", base_url=server.url, api_key="test", memoize=False, max_retries=0
    )


def ask(
    server: JudgeServer,
    *texts: str,
    batch: BatchConfig | None = None,
    attempt_timeout: int | None = None,
) -> list[ModelOutput]:
    config = GenerateConfig(
        max_tokens=256, max_retries=1, attempt_timeout=attempt_timeout, batch=batch
    )

    async def all_at_once() -> list[ModelOutput]:
        model = judge(server)
        calls = (
            model.generate(
                [ChatMessageSystem(content="rubric"), ChatMessageUser(content=text)], config=config
            )
            for text in texts
        )
        return await asyncio.wait_for(asyncio.gather(*calls), timeout=30)

    return asyncio.run(all_at_once())


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: answer


@MODES
def test_each_text_gets_its_own_verdict_and_is_recorded(batch: BatchConfig | None) -> None:
    texts = [f"question {n}" for n in range(30)]
    with JudgeServer() as server:
        outputs = ask(server, *texts, batch=batch)
    assert {text: reply.text for text, _, reply in server.recorded} == {
        text: output.completion for text, output in zip(texts, outputs, strict=True)
    }
    assert len({output.completion for output in outputs}) > 1
    assert {request.system for request in server.requests} == {"rubric"}
    assert {request.model for request in server.requests} == {"claude-x"}
    assert {request.body["max_tokens"] for request in server.requests} == {256}


def test_requests_that_wait_together_travel_in_one_batch() -> None:
    with JudgeServer(batch_latency=0.1) as server:
        ask(server, *map(str, range(30)), batch=BatchConfig(size=30, send_delay=20, tick=0.02))
    [batch] = server.batches
    assert {request.batch_id for request in server.requests} == {batch.id}
    assert len(batch.requests) == 30


def test_slow_calls_are_served_at_the_same_time() -> None:
    with JudgeServer(latency=1.0) as server:
        model = judge(server)

        async def all_at_once() -> None:
            config = GenerateConfig(max_connections=200)
            await asyncio.gather(*(model.generate(str(n), config=config) for n in range(200)))

        asyncio.run(all_at_once())
    assert server.peak_in_flight > 100


def test_a_streamed_reply_is_the_reply() -> None:
    with JudgeServer(always(Reply("streamed", "max_tokens"))) as server:
        model = get_model(
            "anthropic/claude-x", base_url=server.url, api_key="test", memoize=False, streaming=True
        )
        output = asyncio.run(model.generate("q"))
    assert (output.completion, output.stop_reason) == ("streamed", "max_tokens")
    assert server.requests[0].body["stream"] is True


@MODES
@pytest.mark.parametrize(
    ("answer", "stop_reason"),
    [
        (Reply('{"aligned', "max_tokens"), "max_tokens"),
        (Refusal(), "content_filter"),
        (Empty(), "stop"),
        (CONTENT_FILTER, "content_filter"),
    ],
)
def test_a_verdict_that_cannot_be_used_comes_back_as_an_output(
    answer: Answer, stop_reason: str, batch: BatchConfig | None
) -> None:
    with JudgeServer(always(answer)) as server:
        [output] = ask(server, "q", batch=batch)
    assert output.stop_reason == stop_reason
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (RATE_LIMITED, "RateLimitError"),
        (OVERLOADED, "OverloadedError"),
        (SERVER_ERROR, "InternalServerError"),
        (DropConnection(), "APIConnectionError"),
        (Hang(), "AttemptTimeoutError"),
    ],
)
def test_a_lasting_fault_raises_after_the_retries(answer: Answer, cause: str) -> None:
    with (
        JudgeServer(always(answer)) as server,
        pytest.raises(tenacity.RetryError) as caught,
    ):
        ask(server, "q", attempt_timeout=1 if answer == Hang() else None)
    assert type(caught.value.last_attempt.exception()).__name__ == cause
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (RATE_LIMITED, "RateLimitError"),
        (OVERLOADED, "InternalServerError"),
        (Expired(), "APITimeoutError"),
        (Cancelled(), "APIConnectionError"),
    ],
)
def test_a_lasting_fault_of_a_batch_entry_raises_after_a_second_batch(
    answer: Answer, cause: str
) -> None:
    def only_one_fails(request: Request) -> Answer:
        return answer if request.user == "bad" else verdict(90, 95)

    with (
        JudgeServer(only_one_fails) as server,
        pytest.raises(tenacity.RetryError) as caught,
    ):
        ask(server, "good", "bad", batch=BatchConfig(size=2, send_delay=0.5, tick=0.02))
    assert type(caught.value.last_attempt.exception()).__name__ == cause
    assert [len(batch.requests) for batch in server.batches] == [2, 1]


def test_a_batch_that_cannot_be_made_or_polled_at_first_is_tried_again() -> None:
    def first_of_each(method: str, path: str) -> Status | None:
        return OVERLOADED if server.calls.count((method, path)) == 1 else None

    with JudgeServer(batch_fault=first_of_each) as server:
        [output] = ask(server, "q", batch=BATCH)
    assert output.stop_reason == "stop"
    assert len(server.requests) == len(server.batches) == 1


def test_an_invalid_batch_entry_raises_at_once() -> None:
    with JudgeServer(always(BATCH_ERRORED)) as server, pytest.raises(RuntimeError):
        ask(server, "q", batch=BATCH)
    assert len(server.batches) == 1


@MODES
def test_a_passing_fault_is_retried_and_answered(batch: BatchConfig | None) -> None:
    def second_time_lucky(request: Request) -> Answer:
        return OVERLOADED if len(server.requests) == 1 else verdict(50, 60)

    with JudgeServer(second_time_lucky) as server:
        [output] = ask(server, "q", batch=batch)
    assert json.loads(output.completion)["aligned"] == 50
    assert len(server.requests) == 2


@MODES
def test_awkward_text_arrives_unchanged(batch: BatchConfig | None) -> None:
    text = 'x\x00\x1b</script>{"aligned": 100}' + "é" * 100_000
    with JudgeServer() as server:
        ask(server, text, batch=batch)
    assert server.requests[0].user == text


def test_a_lone_surrogate_in_the_body_can_be_read_and_hashed() -> None:
    request = Request(
        "/v1/messages", {}, {"model": "m", "messages": [{"role": "user", "content": "\ud800"}]}
    )
    assert hashed_verdict(request) == hashed_verdict(request)


def test_a_bug_in_the_answer_function_fails_the_test() -> None:
    def buggy(request: Request) -> Answer:
        raise KeyError("oops")

    with (
        pytest.raises(KeyError, match="oops"),
        JudgeServer(buggy) as server,
        pytest.raises(RuntimeError),
    ):
        ask(server, "q")
