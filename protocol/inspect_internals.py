"""All that is private in Inspect and used here, each with why, and what public route is missing.

Nothing of Inspect is patched. `tests/protocol/test_inspect_internals.py` names the member that is gone
when a newer Inspect breaks one of these.
"""

import traceback
from typing import Any

# The only error that Inspect prints without a traceback; nothing public is.
from inspect_ai._util.error import PrerequisiteError

# A header's scorers are typed with these, which `EvalSpec` wants when a log is made of files.
from inspect_ai.log._log import EvalMetricDefinition, EvalScorer
from inspect_ai.model import Content, ContentReasoning, ContentText, ModelOutput, StopReason

# `generate(cache=...)` keeps unreadable replies too; only these keep a reply once it has been read.
from inspect_ai.model._cache import CacheEntry, cache_fetch, cache_store

# What `--max-retries` gave is known only here; `Model.config` holds a role's own settings.
from inspect_ai.model._generate_config import active_generate_config
from pydantic import BaseModel

__all__ = [
    "CacheEntry",
    "EvalMetricDefinition",
    "EvalScorer",
    "PrerequisiteError",
    "active_generate_config",
    "cache_fetch",
    "cache_store",
    "reply_without_usage",
]

STOP_REASONS: dict[str | None, StopReason] = {
    "end_turn": "stop",
    "max_tokens": "max_tokens",
    "refusal": "content_filter",
}


def reply_without_usage(error: BaseException) -> ModelOutput | None:
    """Return the reply that Inspect's Anthropic provider dropped because it states no usage.

    The provider raises where it counts the tokens, and that frame still holds the reply.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        reply = frame.f_locals.get("message")
        if isinstance(reply, BaseModel) and reply.__class__.__module__.startswith("anthropic."):
            return _unstated(reply.model_dump())
    return None


def _unstated(reply: dict[str, Any]) -> ModelOutput | None:
    content: list[Content] = []
    for part in reply.get("content") or ():
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            content.append(ContentText(text=part["text"]))
        elif part.get("type") == "thinking":
            content.append(ContentReasoning(reasoning=str(part.get("thinking"))))
        else:
            return None
    if reply.get("usage") is not None or not content:
        return None
    why = STOP_REASONS.get(reply.get("stop_reason"), "unknown")
    output = ModelOutput.from_content(str(reply.get("model") or ""), content, why)
    output.response_id = reply.get("id")
    return output
