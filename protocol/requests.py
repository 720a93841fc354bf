"""What a request to a model really carried, read off the request, whatever the provider calls its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspect_ai.event import ModelEvent

from protocol.records import Sampling

# Where providers put their settings besides the request's own top level.
NESTED = (
    "extra_body",
    "config",
    "generation_config",
    "generationConfig",
    "inference_config",
    "inferenceConfig",
    "parameters",
    "options",
)
NAMES: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p", "topP"),
    "max_tokens": (
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "maxOutputTokens",
        "maxTokens",
        "max_new_tokens",
    ),
    "seed": ("seed", "random_seed"),
}

# A request that holds none of these shows nothing of how it was sampled.
SETTINGS = {*NESTED, *(name for names in NAMES.values() for name in names)}


@dataclass(frozen=True)
class SentSettings:
    """The settings of one request; None where it carried none."""

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    seed: int | None
    reasoning: str | None


def sent_settings(request: Mapping[str, Any]) -> SentSettings:
    """Read the settings off a request as it went out.

    Args:
        request: The body, as Inspect logs it with a model's call.
    """
    places = [request, *(p for n in NESTED if isinstance(p := request.get(n), Mapping))]
    found = {
        field: next((v for p in places for n in names if _number(v := p.get(n))), None)
        for field, names in NAMES.items()
    }
    return SentSettings(**found, reasoning=_reasoning(places))


def event_sampling(event: ModelEvent) -> tuple[Sampling, int | None]:
    """Read a call's sampling and seed off its request; as they were asked for where none is shown."""
    if event.call is not None and set(event.call.request) & SETTINGS:
        sent = sent_settings(event.call.request)
        return (
            Sampling(
                temperature=sent.temperature,
                top_p=sent.top_p,
                max_tokens=sent.max_tokens,
                reasoning=sent.reasoning,
                seeded=sent.seed is not None,
                observed=True,
            ),
            sent.seed,
        )
    asked = event.config
    effort = asked.reasoning_effort
    return (
        Sampling(
            temperature=asked.temperature,
            top_p=asked.top_p,
            max_tokens=asked.max_tokens,
            reasoning=None if effort is None else f"effort {effort}",
            seeded=asked.seed is not None,
        ),
        asked.seed,
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reasoning(places: list[Mapping[str, Any]]) -> str | None:
    """Name the reasoning setting: thinking, a budget, an effort."""
    said: dict[str, None] = {}
    for place in places:
        thinking = place.get("thinking", place.get("thinking_config", place.get("thinkingConfig")))
        if isinstance(thinking, Mapping):
            kind = thinking.get("type")
            if isinstance(kind, str):
                said[f"thinking {kind}"] = None
            for name in ("budget_tokens", "thinking_budget", "thinkingBudget"):
                if _number(thinking.get(name)):
                    said[f"thinking budget {thinking[name]}"] = None
        efforts = [place.get("reasoning_effort"), place.get("effort")]
        efforts += [
            holder.get("effort")
            for name in ("reasoning", "output_config")
            if isinstance(holder := place.get(name), Mapping)
        ]
        said |= {f"effort {effort}": None for effort in efforts if isinstance(effort, str)}
        template = place.get("chat_template_kwargs")
        if isinstance(template, Mapping) and isinstance(template.get("enable_thinking"), bool):
            said[f"thinking {'enabled' if template['enable_thinking'] else 'disabled'}"] = None
    return ", ".join(said) or None
