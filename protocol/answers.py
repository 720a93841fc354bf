"""What came back from the target: an answer to judge, or why there is none. Pure, without any I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

from inspect_ai.model import ContentReasoning, ModelOutput

from protocol.provider_words import provider_words
from protocol.records import LONGEST_DETAIL, TargetFailureKind
from protocol.texts import without_surrogates

CLOSED_REASONING = re.compile(r"<think(?:ing)?\b[^>]*>.*?</think(?:ing)?\s*>", re.DOTALL)
REASONING_END = re.compile(r"</think(?:ing)?\s*>")
REASONING_START = re.compile(r"<think(?:ing)?\b[^>]*>")

# What Inspect puts in the place of a Gemini answer without candidates.
NO_CANDIDATES = "(no content)"

CONTEXT_EXCEEDED = ("model_context_window_exceeded",)

# What servers say when a request does not fit the model, and when they refuse it for what it says.
TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|prompt is too long|input is too long|input length|"
    r"too many (?:input )?tokens|maximum .{0,20}length|max_tokens must be at least|"
    r"exceeds? .{0,40}(?:context|token limit)|request.{0,20}too large|payload too large",
    re.IGNORECASE,
)
FILTERED = re.compile(
    r"content.?(?:filter|policy|management|moderation)|\bsafety\b|prohibited.?(?:content|use)|"
    r"\b(?:prompt|input|request|content|response|output)\b.{0,40}\bblocked|blocked (?:by|for|due)|"
    r"responsible ai|moderation|data_inspection|sensitive (?:content|information)|policy violation",
    re.IGNORECASE,
)


class TargetFailure(NamedTuple):
    """Why there is no answer: a kind, and the provider's words."""

    kind: TargetFailureKind
    detail: str


def answer_text(text: str) -> str:
    """Return a completion's answer: the text without closed reasoning, and after a lone end of it.

    Lone surrogates, which no request or log can carry, become U+FFFD.
    """
    text = without_surrogates(text)
    if REASONING_END.search(text) is None:
        return text
    rest = CLOSED_REASONING.sub("", text)
    ends = list(REASONING_END.finditer(rest))
    if ends:
        rest = rest[ends[-1].end() :]
    return rest.lstrip("\n")


def target_failure(output: ModelOutput, stopped_for: str | None = None) -> TargetFailure | None:
    """Say why an output holds no answer to judge, or None where it holds one.

    An empty text that ends in a plain stop is the target's own answer. One that was cut at the
    protocol's length is an answer too.

    Args:
        output: What Inspect handed over.
        stopped_for: The provider's own stop reason, where the log keeps it: Inspect has no word for
            Anthropic's `model_context_window_exceeded` and calls it unknown.
    """
    if output.empty:
        return TargetFailure("error", "the provider sent no completion")
    if output.completion == NO_CANDIDATES and output.usage is None:
        return TargetFailure("error", "the provider sent no candidates")
    message, text = output.message, answer_text(output.completion)
    details = output.choices[0].stop_details
    words = shortened(output.error or text) or "the provider gives no reason"
    # Before the filters: Anthropic's too long request carries an error as its filtered one does.
    if output.stop_reason == "model_length" or stopped_for in CONTEXT_EXCEEDED:
        return TargetFailure("context_length", words)
    declined = details is not None and details.type == "refusal"
    if output.stop_reason == "content_filter" or output.error or declined:
        return TargetFailure("blocked", words)
    if output.stop_reason == "tool_calls" or message.tool_calls:
        names = ", ".join(call.function for call in message.tool_calls or [])
        return TargetFailure("tool_call", f"a call of {names}" if names else "a tool call")
    if REASONING_START.search(text):
        return TargetFailure("unfinished_reasoning", "the reasoning did not end")
    reasoned = isinstance(message.content, list) and any(
        isinstance(part, ContentReasoning) for part in message.content
    )
    if text.strip():
        return None
    # Some providers show nothing of the reasoning that used the tokens up.
    if reasoned or output.completion.strip() or output.stop_reason == "max_tokens":
        return TargetFailure("unfinished_reasoning", "reasoning, and no answer after it")
    if output.stop_reason == "unknown":
        return TargetFailure("error", "ended before any text, for no reason of Inspect's")
    return None


def refused_request(error: Exception) -> TargetFailure | None:
    """Say whether a server refused a request for what it says; None for every other error.

    Such a request would be refused again, so it is the sample's outcome. An error on the way stays one,
    which `inspect eval-retry` heals.
    """
    for cause in reversed(_causes(error)):
        status = getattr(cause, "status_code", getattr(cause, "code", None))
        if not isinstance(status, int):
            continue
        # Never the request, which Inspect's own error repeats: a question may be about safety.
        words = error_words(cause)
        said = f"{words} {getattr(cause, 'code', '')}"
        if status == 413 or (status in (400, 422) and TOO_LONG.search(said)):
            return TargetFailure("context_length", words)
        if status in (400, 403, 422) and FILTERED.search(said):
            return TargetFailure("blocked", words)
    return None


def error_words(error: BaseException) -> str:
    """Return what a provider said in the innermost of an error's causes, in one line."""
    causes = _causes(error)[::-1]
    bodies = [getattr(c, "body", None) or getattr(c, "details", None) for c in causes]
    told = next((body for body in bodies if body), str(causes[0]))
    return provider_words(told) or type(causes[0]).__name__


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def shortened(text: str) -> str:
    """Return a provider's words in one line that fits a sample's summary."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_DETAIL else line[: LONGEST_DETAIL - 1] + "…"
