"""A provider's JSON read as Inspect reads it, so that one rule judges replies of both ways. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.model import Content, ContentText, ModelOutput, ModelUsage, StopReason

from judging.calls import Answer, Json

Read = tuple[list[str], StopReason, ModelUsage | None]

ANTHROPIC_STOPS: dict[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "max_tokens",
    "refusal": "content_filter",
}
CHAT_STOPS: dict[str, StopReason] = {
    "stop": "stop",
    "eos": "stop",
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "model_length": "model_length",
}
RESPONSES_STOPS: dict[str, StopReason] = {
    "max_output_tokens": "max_tokens",
    "content_filter": "content_filter",
}
TOO_LONG = (
    "prompt is too long",
    "input is too long",
    "input length and `max_tokens` exceed context limit",
)
BLOCKED = (
    "invalid_prompt",
    "content_policy_violation",
    "content_filter",
    "bio_policy",
    "cyber_policy",
)


def read_answer(answer: Answer, model: str) -> ModelOutput:
    """Read an answer.

    Args:
        answer: The provider's JSON.
        model: The model that was asked, for answers that do not say which answered.

    Raises:
        ValueError: It is no reply: cut, empty or something else.
    """
    if answer.form == "inspect":
        return ModelOutput.model_validate(answer.body)
    if answer.status != 200:
        refused = refusal(answer, model)
        if refused is None:
            raise ValueError("an error and no reply")
        return refused
    read = {"anthropic": _anthropic, "chat": _chat, "responses": _responses}[answer.form]
    try:
        texts, stop, usage = read(answer.body)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"no reply: {error!r}") from error
    content: str | list[Content] = "".join(texts)
    if len(texts) > 1:
        content = [ContentText(text=text) for text in texts]
    output = ModelOutput.from_content(str(answer.body.get("model") or model), content, stop)
    output.usage = usage
    return output


def refusal(answer: Answer, model: str) -> ModelOutput | None:
    """Read an error that is an answer all the same: blocked by a filter, or longer than the model takes."""
    error = answer.body.get("error")
    error = error if isinstance(error, Mapping) else answer.body
    message = str(error.get("message") or "")
    stop: StopReason | None = None
    if answer.form == "anthropic":
        if answer.status == 413 or any(text in message.lower() for text in TOO_LONG):
            stop = "model_length"
        elif "content filtering" in message.lower():
            stop = "content_filter"
    elif error.get("code") == "context_length_exceeded":
        stop = "model_length"
    elif error.get("code") in BLOCKED or (
        error.get("type") == "invalid_request_error" and "blocked" in message
    ):
        stop = "content_filter"
    if stop is None:
        return None
    return ModelOutput.from_content(model, message, stop, error=message)


def _anthropic(body: Json) -> Read:
    texts = [block["text"] for block in _list(body["content"]) if block["type"] == "text"]
    usage = body["usage"]
    written, read = usage.get("cache_creation_input_tokens"), usage.get("cache_read_input_tokens")
    total = usage["input_tokens"] + usage["output_tokens"] + (written or 0) + (read or 0)
    return (
        texts,
        ANTHROPIC_STOPS.get(body["stop_reason"], "unknown"),
        ModelUsage(
            input_tokens=usage["input_tokens"],
            output_tokens=usage["output_tokens"],
            total_tokens=total,
            input_tokens_cache_write=written,
            input_tokens_cache_read=read,
        ),
    )


def _chat(body: Json) -> Read:
    choice = _list(body["choices"])[0]
    message = choice["message"]
    text = str(message.get("refusal") or message.get("content") or "")
    usage = body.get("usage")
    return (
        [text],
        CHAT_STOPS.get(choice["finish_reason"], "unknown"),
        _usage(usage, "prompt_tokens", "completion_tokens") if usage else None,
    )


def _responses(body: Json) -> Read:
    if body.get("error"):
        raise ValueError(f"no reply: {body['error']}")
    texts = [
        str(part.get("text") or part.get("refusal") or "")
        for item in _list(body["output"])
        if item["type"] == "message"
        for part in item["content"]
    ]
    reason = str((body.get("incomplete_details") or {}).get("reason"))
    usage = body.get("usage")
    return (
        texts,
        RESPONSES_STOPS.get(reason, "stop"),
        _usage(usage, "input_tokens", "output_tokens") if usage else None,
    )


def _usage(usage: Json, asked: str, answered: str) -> ModelUsage:
    details = usage.get(f"{asked}_details") or {}
    cached, written = details.get("cached_tokens") or 0, details.get("cache_write_tokens") or 0
    reasoning = (usage.get(f"{answered}_details") or {}).get("reasoning_tokens")
    return ModelUsage(
        input_tokens=usage[asked] - cached - written,
        output_tokens=usage[answered],
        total_tokens=usage["total_tokens"],
        input_tokens_cache_read=cached or None,
        input_tokens_cache_write=written or None,
        reasoning_tokens=reasoning,
    )


def _list(value: Any) -> Sequence[Json]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
