"""What Inspect hands over in place of a judge's reply: a provider's error or block, in its own words."""

import re
from collections.abc import Iterator, Mapping

from inspect_ai.model import ModelOutput

from protocol.provider_words import provider_words
from protocol.redacting import redacted
from scorers.reading import Failure, FailureKind

# What Inspect puts in the place of a Gemini answer without candidates, also where that is an error's body.
NO_CANDIDATES = "(no content)"
# Codes of OpenAI's family and of Azure for a request that was blocked for what it says.
BLOCKED_CODES = {
    "content_filter",
    "content_policy_violation",
    "invalid_prompt",
    "bio_policy",
    "cyber_policy",
    "responsibleaipolicyviolation",
}
BLOCKED = re.compile(
    r"content filtering|content[ _]filter|content management policy|content policy", re.IGNORECASE
)
# Whose models have a stop reason for a refusal, which Inspect calls `content_filter` as it does a filter's.
REFUSE_BY_STOP_REASON = ("anthropic", "mockllm", "simulated")


def fault(error: BaseException, body: object = None, keys: tuple[str | None, ...] = ()) -> Failure:
    """Say what a call's exception means for the verdict.

    Args:
        error: What `Model.generate` raised. Inspect wraps a provider's error in that of its retries, which
            says nothing, or in one that repeats the request: the innermost is what is told.
        body: The server's answer, where it is known and the error does not hold it.
        keys: Keys to hide, such as the model's own `api_key`.

    Returns:
        `filtered` where the provider blocked the request for what it says, else `api_error`. The detail is
        one line of class, status and the provider's words.
    """
    causes = list(_causes(error))
    innermost = causes[-1]
    # The class's own status first: Inspect gives every errored entry of a batch an instance's status 500.
    found = [
        getattr(holder, name, None)
        for cause in reversed(causes)
        for name in ("status_code", "code")
        for holder in (type(cause), cause)
    ]
    status = next((f" {number}" for number in found if isinstance(number, int)), "")
    bodies = [body, *(_body(cause) for cause in reversed(causes))]
    answer = next((held for held in bodies if held), None)
    words = provider_words(answer) or provider_words(str(innermost))
    kind: FailureKind = "filtered" if _blocks(answer, words) else "api_error"
    return Failure(kind, redacted(f"{type(innermost).__name__}{status}: {words}", *keys))


def output_fault(
    output: ModelOutput, provider: str = "anthropic", keys: tuple[str | None, ...] = ()
) -> Failure | None:
    """Say what an output that holds no reply means for the verdict.

    Inspect turns refused requests into outputs whose text is the provider's error, told by having neither
    usage nor a response's id.

    Args:
        output: What `Model.generate` returned.
        provider: The model's, `openai` in `openai/gpt-4.1`: it says whose a bare `content_filter` is.
        keys: Keys to hide, such as the model's own `api_key`.

    Returns:
        `api_error` (no choices; a request that is too long), `filtered` (blocked by the provider),
        `refusal` (declined by the judge), or None: the output is a reply, to be read.
    """
    if output.empty:
        return Failure("api_error", "the provider's answer holds no choices")
    choice = output.choices[0]
    details = choice.stop_details
    said = redacted(
        provider_words((details.explanation if details else None) or output.completion), *keys
    )
    answered = output.usage is not None or output.response_id is not None
    kind: FailureKind
    if choice.stop_reason == "content_filter":
        refused = details.type == "refusal" if details else provider in REFUSE_BY_STOP_REASON
        declined = answered and not output.error and refused
        kind = "refusal" if declined else "filtered"
        error = redacted(provider_words(output.error or ""), *keys)
        return Failure(kind, error or said or "the provider gives no reason")
    if details is not None and details.type == "refusal":
        return Failure("refusal", said or "the judge refused")
    if output.error or (choice.stop_reason == "model_length" and not answered):
        return Failure("api_error", said or "the request is too long for the judge")
    if output.completion == NO_CANDIDATES and output.usage is None:
        return Failure("api_error", "the provider's answer holds no candidates")
    if choice.stop_reason == "unknown" and not output.completion.strip():
        # Anthropic's `model_context_window_exceeded` is one of these.
        return Failure("api_error", "the reply ended before any text, for no reason of Inspect's")
    return None


def _blocks(body: object, words: str) -> bool:
    return bool(BLOCKED.search(words)) or any(
        str(code).lower().replace("_", "") in {known.replace("_", "") for known in BLOCKED_CODES}
        for code in _codes(body)
    )


def _codes(body: object) -> Iterator[object]:
    if isinstance(body, Mapping):
        yield body.get("code")
        for name in ("error", "innererror"):
            yield from _codes(body.get(name))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _body(error: BaseException) -> object:
    body = getattr(error, "body", None)
    return body if body is not None else getattr(error, "details", None)
