"""Verdicts that were already paid for. Only valid ones are kept, so a failure is always asked again.

Inspect's cache holds them; its own `generate(cache=...)` stores every reply, bad ones too.
"""

from inspect_ai.model import CachePolicy, ChatMessage, GenerateConfig, Model, ModelOutput

from protocol.inspect_internals import CacheEntry, cache_fetch, cache_store


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


def keep(entry: CacheEntry, output: ModelOutput) -> None:
    """Keep a reply that held a valid verdict."""
    cache_store(entry, output)
