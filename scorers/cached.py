"""Verdicts that were already paid for. Only valid ones are kept, so a failure is always asked again.

Inspect's cache holds them; its own `generate(cache=...)` stores every reply, bad ones too.
"""

from collections.abc import Mapping

from inspect_ai.model import CachePolicy, ChatMessage, GenerateConfig, Model, ModelOutput

from protocol.inspect_internals import CacheEntry, cache_fetch, cache_store

SENT = "bwalpha_request"
TEXTS = ("system", "messages", "instructions", "input", "systemInstruction", "contents")


def cache_entry(
    model: Model,
    messages: list[ChatMessage],
    config: GenerateConfig,
    rubric_sha256: str,
    epoch: int,
    number: int,
) -> CacheEntry:
    """Key a verdict by judge model and its settings, rubric, question, completion, epoch and number."""
    scopes = {"rubric_sha256": rubric_sha256, "epoch": str(epoch)}
    if number:
        scopes["number"] = str(number)
    return CacheEntry(
        base_url=model.api.base_url,
        config=model.config.merge(config),
        input=messages,
        model=str(model),
        policy=CachePolicy(
            expiry=None,
            per_epoch=False,
            scopes=scopes,
        ),
        tool_choice=None,
        tools=[],
    )


def fetch(entry: CacheEntry) -> ModelOutput | None:
    """Return a kept reply, or None."""
    return cache_fetch(entry)


def keep(entry: CacheEntry, output: ModelOutput, request: Mapping[str, object] | None) -> None:
    """Keep a reply that held a valid verdict, with the settings that its request carried."""
    sent = None if request is None else {k: v for k, v in request.items() if k not in TEXTS}
    metadata = {**(output.metadata or {}), SENT: sent}
    cache_store(entry, output.model_copy(update={"metadata": metadata}))


def kept_request(output: ModelOutput) -> Mapping[str, object] | None:
    """Return the settings of a kept reply's request, None where they were not shown."""
    found = (output.metadata or {}).get(SENT)
    return found if isinstance(found, Mapping) else None
