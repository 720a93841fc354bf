"""What a judge is asked with, and the instrument that its verdicts are then measured with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from inspect_ai.model import GenerateConfig, Model, ModelOutput

from protocol.inspect_internals import active_generate_config
from protocol.judges import judge_table
from protocol.records import Instrument, ReplyForm, same_model
from protocol.requests import sent_settings
from scorers.budget import reply_budget
from scorers.schema import VERDICT_SCHEMA

if TYPE_CHECKING:
    from scorers.asking import Judge

# Inspect retries for ever by default, and its `timeout` alone does not end a call that hangs. `--max-retries`
# and a role's own `max_retries` and `attempt_timeout` win over these.
MAX_RETRIES = 10
ATTEMPT_TIMEOUT = 300
# What an instrument names field by field, and what says nothing of the reply.
NAMED = {"max_tokens", "temperature", "top_p", "reasoning_effort", "response_schema"}
TRANSPORT = {
    "adaptive_connections",
    "attempt_timeout",
    "batch",
    "cache",
    "cache_prompt",
    "extra_headers",
    "fail_on_refusal",
    "fallback_models",
    "logprobs",
    "max_connections",
    "max_retries",
    "max_tool_output",
    "parallel_tool_calls",
    "prompt_logprobs",
    "reasoning_history",
    "reasoning_summary",
    "stream_idle_timeout",
    "timeout",
    "top_logprobs",
}


def judge_config(model: Model, reply: ReplyForm = "free") -> GenerateConfig:
    """Return what a judge's call is sent with: its profile's budget and effort, and what its role sets."""
    own, run = model.config, active_generate_config()
    profile = judge_table().profile(str(model))
    retries = [own.max_retries, run.max_retries, MAX_RETRIES]
    return GenerateConfig(
        max_tokens=reply_budget(model) if own.max_tokens is None else own.max_tokens,
        reasoning_effort=own.reasoning_effort or profile.effort,
        # Asking whether summaries may be had is a call of its own.
        reasoning_summary=own.reasoning_summary or "none",
        response_schema=VERDICT_SCHEMA if reply == "schema" else None,
        cache_prompt=False,
        # A refusal is a verdict's failure, not the sample's, whatever `--fail-on-refusal` says.
        fail_on_refusal=False,
        max_retries=next(number for number in retries if number is not None),
        attempt_timeout=ATTEMPT_TIMEOUT if own.attempt_timeout is None else own.attempt_timeout,
        batch=False,
    )


def instrument(
    judge: Judge,
    model: Model,
    output: ModelOutput | None = None,
    request: Mapping[str, object] | None = None,
) -> Instrument:
    """Say what a verdict is measured with, before or after the judge has replied.

    Args:
        judge: Who is asked.
        model: Its model.
        output: Its reply, which says who answered.
        request: The request as it went out, where the provider shows it: sampling and reasoning are then
            what it carried.
    """
    config = model.config.merge(judge_config(model, judge.reply))
    takes = judge_table().profile(str(model)).sampling
    temperature, top_p = (config.temperature, config.top_p) if takes else (None, None)
    reasoning = None if config.reasoning_effort is None else f"effort {config.reasoning_effort}"
    if request is not None:
        sent = sent_settings(request)
        temperature, top_p, reasoning = sent.temperature, sent.top_p, sent.reasoning
    said = output.model if output is not None else ""
    return Instrument(
        asked=str(model),
        answered=said if said and not same_model(str(model), said) else None,
        rubric_sha256=judge.rubric.sha256,
        max_tokens=config.max_tokens,
        temperature=temperature,
        top_p=top_p,
        reasoning=reasoning,
        reply=judge.reply,
        repeats=judge.verdicts,
        other=_other_settings(model.config),
    )


def _other_settings(own: GenerateConfig) -> str:
    """Everything else that a role sets and that shapes a reply: top_k, a seed, a further system message."""
    left = own.model_dump(mode="json", exclude_none=True, exclude=NAMED | TRANSPORT)
    return json.dumps(left, sort_keys=True) if left else ""
