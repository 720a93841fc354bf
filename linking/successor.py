"""The successor, asked as a run would ask it, through the judging step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from inspect_ai.model import Model

from judging.calls import JudgeReply, JudgeRequest, JudgeSettings
from judging.costs import CostLimit
from judging.realtime import Stop
from judging.step import judge, request_body, run
from linking.pairs import Floats
from protocol.errors import ProtocolError
from protocol.records import Instrument
from protocol.rubrics import Rubric
from scorers.asking import Judge, judge_message, read_output
from scorers.binding import judge_model, refuse_ended
from scorers.instruments import instrument as judge_instrument
from scorers.instruments import judge_config
from scorers.reading import Verdict

# The protocol's own limit for a judge's failed verdicts.
MOST_FAILED = 0.2


@dataclass(frozen=True)
class Successor:
    """A judge that is to be linked, or was.

    Attributes:
        name: Its name.
        model: Its model.
        rubric: What it is told.
        settings: How the judging step asks it: as a run does.
        instrument: What it measures with, if it answers as the model that was asked.
    """

    name: str
    model: Model = field(repr=False)
    rubric: Rubric
    settings: JudgeSettings
    instrument: Instrument


@dataclass(frozen=True)
class Verdicts:
    """What a successor said.

    Attributes:
        instrument: What it measured with.
        scores: 0 to 100 for each completion, NaN where there is no verdict.
        again: The same of the completions that were asked a second time.
        failures: How many completions have no verdict, by kind.
    """

    instrument: Instrument
    scores: Floats
    again: Floats
    failures: dict[str, int]


def bind_successor(judge: str, rubric: Rubric) -> Successor:
    """Bind `name=provider/model`.

    Raises:
        ProtocolError: It is no such thing, or the model cannot be asked.
    """
    name, _, model = (part.strip() for part in judge.partition("="))
    if not name.isidentifier() or "/" not in model:
        raise ProtocolError(
            f"--judge {judge!r} is not a judge. Give name=provider/model, for example "
            "sonnet=anthropic/claude-sonnet-4-6."
        )
    refuse_ended(name, model)
    bound = judge_model(name, model)
    settings = JudgeSettings(name, str(bound), bound.config.merge(judge_config(bound)))
    body = asyncio.run(request_body(settings))
    asked = judge_instrument(Judge(name, rubric, model), bound, request=body)
    return Successor(name, bound, rubric, settings, asked)


def write_requests(
    successor: Successor, ids: Sequence[str], texts: Sequence[tuple[str, str]], mark: str = ""
) -> list[JudgeRequest]:
    """Write one request a completion.

    Args:
        successor: Who is asked.
        ids: The completions' ids.
        texts: Question and completion.
        mark: What tells a second asking of the same completion from the first.
    """
    return [
        JudgeRequest(f"{name}{mark}", successor.rubric.text, judge_message(question, completion))
        for name, (question, completion) in zip(ids, texts, strict=True)
    ]


def ask_successor(
    successor: Successor,
    requests: Sequence[JudgeRequest],
    texts: Sequence[tuple[str, str]],
    folder: Path,
    *,
    first: int,
    batch: bool = False,
    again: bool = False,
    cost: CostLimit | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Verdicts:
    """Ask, or go on asking, and read the replies by the suite's own rule.

    Args:
        successor: Who is asked.
        requests: What to ask.
        texts: Question and completion of each request.
        folder: The state folder; what stands in it is not asked again.
        first: How many of the requests are first askings; the rest ask again.
        batch: Ask through the provider's batches.
        again: Send again what failed for good.
        cost: How much may be spent.
        say: Takes a line about what goes on.

    Raises:
        ProtocolError: It cannot be asked, a batch has not ended, or too many verdicts failed. What was
            answered is kept.
    """

    async def step(stop: Stop) -> list[JudgeReply]:
        return await judge(
            requests,
            successor.settings,
            folder,
            batch=batch,
            again=again,
            cost=cost,
            stop=stop,
            say=say,
        )

    folder.mkdir(parents=True, exist_ok=True)
    # A judge's reasons quote what it judged, which is not ours to publish.
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    [replies] = run(step)
    waiting = sum(
        reply.failure is not None and reply.failure.kind == "waiting" for reply in replies
    )
    if waiting:
        raise ProtocolError(
            f"{waiting} of {len(replies)} verdicts are still in a batch. Start the same command again, "
            "with --batch; nothing is paid for twice."
        )
    return read_replies(successor, replies, texts, first)


def read_replies(
    successor: Successor,
    replies: Sequence[JudgeReply],
    texts: Sequence[tuple[str, str]],
    first: int,
) -> Verdicts:
    """Read the replies; see `ask_successor`."""
    scores = np.full(len(replies), np.nan)
    used: list[Instrument | None] = [None] * len(replies)
    kinds: list[str | None] = [None] * len(replies)
    asked = Judge(successor.name, successor.rubric, str(successor.model))
    for i, (reply, (_, completion)) in enumerate(zip(replies, texts, strict=True)):
        if reply.output is None:
            kinds[i] = reply.failure.kind if reply.failure else "missing"
            continue
        outcome = read_output(reply.output, completion, successor.model)
        if isinstance(outcome, Verdict):
            scores[i] = outcome.aligned
            used[i] = judge_instrument(asked, successor.model, reply.output, reply.body)
        else:
            kinds[i] = outcome.kind
    counts = Counter(instrument for instrument in used if instrument is not None)
    instrument = counts.most_common(1)[0][0] if counts else successor.instrument
    for i, other in enumerate(used):
        if other is not None and other != instrument:
            scores[i], kinds[i] = np.nan, "other_model"
    failures = Counter(kind for kind in kinds[:first] if kind is not None)
    if sum(failures.values()) > MOST_FAILED * first:
        said = ", ".join(f"{kind} {count}" for kind, count in failures.most_common())
        raise ProtocolError(
            f"{sum(failures.values())} of {first} verdicts failed ({said}), more than the protocol's "
            f"{MOST_FAILED:.0%}. What was answered is kept. Start the same command with --again to send "
            "failed calls once more; another successor is needed where it is the replies that fail."
        )
    return Verdicts(instrument, scores[:first], scores[first:], dict(sorted(failures.items())))
