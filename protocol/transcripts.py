"""A sample's transcript without keys: what a failed call left in it, in a provider's own words.

Inspect keeps a failed call's error, traceback and the server's body as they came, and a server may repeat
the headers that it was sent. The events are put right in place, before Inspect writes the sample.
"""

from __future__ import annotations

import json
import re
import traceback

from inspect_ai.event import LoggerEvent, ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import ModelOutput

from protocol.redacting import redacted, redacted_data

# A long text of a logged call lies apart, under its hash.
ATTACHMENT = re.compile(r"attachment://([0-9a-f]{32})")
REFUSED = ("model_length", "content_filter")


class TargetCallError(RuntimeError):
    """A call of the target that failed, in words without keys."""


def hide_keys(*keys: str | None) -> None:
    """Hide keys in what failed calls left in this sample's transcript.

    Args:
        *keys: Keys that are known, such as a model's own `api_key`.
    """
    apart = transcript().attachments
    for event in transcript().events:
        if isinstance(event, LoggerEvent):
            event.message.message = redacted(event.message.message, *keys)
        if not isinstance(event, ModelEvent):
            continue
        call = event.call
        if event.error or (call is not None and call.error):
            event.error = event.error and redacted(event.error, *keys)
            event.traceback = event.traceback and redacted(event.traceback, *keys)
            event.traceback_ansi = event.traceback_ansi and redacted(event.traceback_ansi, *keys)
        if call is not None and call.response and (event.error or call.error or call_failed(event)):
            for name in ATTACHMENT.findall(json.dumps(call.response)):
                if name in apart:
                    apart[name] = redacted(apart[name], *keys)
            body = redacted_data(call.response, *keys)
            event.call = call.model_copy(update={"response": body})
        hide_in_output(event.output, *keys)


def call_failed(event: ModelEvent) -> bool:
    """Whether Inspect made the output out of a server's refusal."""
    return event.output.error is not None or is_refusal_text(event.output)


def is_refusal_text(output: ModelOutput) -> bool:
    """Whether an output's text is the provider's, of a request that it refused."""
    return bool(output.choices) and output.usage is None and output.stop_reason in REFUSED


def hide_in_output(output: ModelOutput, *keys: str | None) -> None:
    """Hide keys in an output that is a provider's refusal; a model's own words stay as they are."""
    if output.error:
        output.error = redacted(output.error, *keys)
    if is_refusal_text(output):
        said = output.completion
        if (clean := redacted(said, *keys)) != said:
            output.completion = output.message.content = clean
        details = output.choices[0].stop_details
        if details is not None and details.explanation:
            details.explanation = redacted(details.explanation, *keys)


def without_keys(error: Exception, *keys: str | None) -> Exception:
    """Return an error as it may be raised out of a sample: itself, or its words without keys."""
    told = "".join(traceback.format_exception(error))
    if redacted(told, *keys) == told:
        return error
    return TargetCallError(redacted(f"{type(error).__name__}: {error}", *keys))
