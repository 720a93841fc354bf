"""What the judging step takes and gives: requests, a judge's settings, replies, limits and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from inspect_ai.model import GenerateConfig, ModelOutput

from protocol.errors import ProtocolError

Json = dict[str, Any]
FailureKind = Literal["api_error", "missing", "expired", "cancelled", "waiting"]
Form = Literal["anthropic", "chat", "responses", "inspect"]


@dataclass(frozen=True)
class JudgeRequest:
    """One question to a judge.

    Attributes:
        id: Any text that is unique among the judge's requests.
        system: The rubric.
        user: Question and completion, as the judge is to read them.
    """

    id: str
    system: str
    user: str


@dataclass(frozen=True)
class JudgeSettings:
    """Who is asked and how: the same instrument as in a run, in Inspect's own terms.

    Attributes:
        judge: The judge's name; its part of the state folder is called after it.
        model: `provider/model`, as for `--model-role`.
        config: Everything that shapes the request: `max_tokens`, temperature, reasoning, response schema.
        base_url: The provider's address where it is not the default one.
        model_args: Further arguments of the provider.
    """

    judge: str
    model: str
    config: GenerateConfig
    base_url: str | None = None
    model_args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request as it is sent.

    Attributes:
        id: 40 hexadecimal digits that follow from service, body and the request's own id. Providers take
            no more than 64 letters and digits, and an answer counts only for what was really asked.
        request: Whose answer it is.
        body: The request's JSON.
    """

    id: str
    request: JudgeRequest
    body: Json


@dataclass(frozen=True)
class Answer:
    """What came back, whole: the provider's JSON, which interface wrote it, and whether in a batch."""

    form: Form
    body: Json
    status: int = 200
    batch: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a call has no answer.

    Attributes:
        kind: `api_error`: the provider refused it or stayed out of reach. `missing`: its batch has ended
            without a result for it. `expired`, `cancelled`: so the provider says. `waiting`: its batch
            has not ended in time.
        detail: What the provider said, and what to do.
    """

    kind: FailureKind
    detail: str


@dataclass(frozen=True)
class JudgeReply:
    """What a judge answered to one request: an output as a run would have had it, or a failure.

    Attributes:
        id: The request's id.
        output: Text, stop reason, the model that answered and its usage, in Inspect's words.
        failure: Why there is no output.
        body: The request as it was sent, None where only Inspect knows it.
        batch: Whether it came through a batch, at a batch's price.
    """

    id: str
    output: ModelOutput | None = None
    failure: Failure | None = None
    body: Json | None = field(default=None, repr=False)
    batch: bool = False


@dataclass(frozen=True)
class Limits:
    """How long and how often the step tries; seconds where nothing else is said.

    Attributes:
        connections: Realtime calls at once, for each judge.
        attempts: How often a call is tried that fails in a way that may pass.
        longest_pause: The longest `Retry-After` that is waited for.
        attempt_seconds: The longest that one attempt may take.
        failures_in_a_row: After as many failed calls without an answer between them the judge is given up.
        grace: How long calls in flight may take to end once the step is told to stop.
        poll: Pause between two looks at a batch.
        batch_hours: The oldest that an unfinished batch may become.
        fetches: How often results are fetched that are cut, broken or not complete.
        creates: How often a batch is sent whose creation got lost.
        settle: Pause before a batch is looked up whose creation got lost.
        batch_requests: The most calls in a batch; the provider's own limit where that is lower.
        batch_bytes: The largest batch; the provider's own limit where that is lower.
    """

    connections: int = 100
    attempts: int = 8
    longest_pause: float = 60
    attempt_seconds: float = 300
    failures_in_a_row: int = 10
    grace: float = 30
    poll: float = 15
    batch_hours: float = 25
    fetches: int = 5
    creates: int = 3
    settle: float = 2
    batch_requests: int = 100_000
    batch_bytes: int = 250_000_000


class JudgingError(ProtocolError):
    """The step cannot go on. What was answered is kept, and the same command goes on from there."""


class CallError(Exception):
    """A call that failed.

    Attributes:
        detail: What the provider said.
        status: The HTTP status, where there was one.
        passing: It may work in a while.
        for_all: Every other call would fail the same way.
        body: The provider's JSON.
        retry_after: The pause that the provider asks for, in seconds.
    """

    def __init__(
        self,
        detail: str,
        status: int | None = None,
        passing: bool = False,
        for_all: bool = False,
        body: Json | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.passing = passing
        self.for_all = for_all
        self.body = body or {}
        self.retry_after = retry_after
