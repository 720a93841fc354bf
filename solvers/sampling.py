"""How one completion is sampled, and the record of what was."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from inspect_ai.event import ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import GenerateConfig, GenerateConfigArgs, get_model
from inspect_ai.solver import Generate, TaskState
from inspect_ai.util import LimitExceededError

from protocol.answers import (
    TargetFailure,
    answer_text,
    error_words,
    refused_request,
    shortened,
    target_failure,
)
from protocol.conditions import Condition
from protocol.inspect_internals import reply_without_usage
from protocol.records import (
    COMPARABILITY,
    PROTOCOL_SAMPLING,
    CompletionRecord,
    Sampling,
    same_model,
    text_sha256,
)
from protocol.redacting import redacted
from protocol.requests import event_sampling
from protocol.seeds import DEFAULT_SEED, completion_seed
from protocol.texts import without_surrogates
from protocol.transcripts import hide_in_output, hide_keys, without_keys

Omitted = Literal["seed", "temperature", "top_p"]
SAMPLING = GenerateConfig(
    temperature=PROTOCOL_SAMPLING.temperature,
    top_p=PROTOCOL_SAMPLING.top_p,
    max_tokens=PROTOCOL_SAMPLING.max_tokens,
)

# What a request leaves out, a vLLM server takes from the model's generation_config.json, and Qwen2.5's
# has top_k 20 and repetition_penalty 1.05. The source sampled with neither.
VLLM_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}


def base_seed() -> int:
    """Return the run's base seed: what `--seed` gave, else the protocol's 42."""
    seed = get_model().config.seed
    return DEFAULT_SEED if seed is None else seed


async def sample_completion(
    state: TaskState,
    generate: Generate,
    condition: Condition,
    seed: int | None,
    omit: Collection[Omitted] = (),
) -> TaskState:
    """Generate once, with the completion's own seed, and record in the sample what ran.

    Args:
        state: The sample, its messages already the protocol's.
        generate: Inspect's.
        condition: Whose prompt is sent.
        seed: Base seed; the run's when None.
        omit: Sampling settings that the target refuses and that no request carries.
    """
    base = base_seed() if seed is None else seed
    settings = against_model_defaults(state.model.api, get_model().config.extra_body)
    own = None
    if "seed" not in omit:
        own = settings["seed"] = completion_seed(base, str(state.sample_id), state.epoch)
    # Whatever ends the sample from outside, one of Inspect's limits say, leaves this standing.
    _note(state, condition, own, TargetFailure("limit", "ended before there was an answer"))
    key = get_model().api.api_key
    try:
        state = await generate(state, tool_calls="none", **settings)
    except LimitExceededError:
        raise
    except Exception as error:
        hide_keys(key)
        kept, failure = reply_without_usage(error), refused_request(error)
        if failure is not None:
            _note(state, condition, own, hidden_words(failure, key))
            state.completed = True
            return state
        if kept is None:
            lost = TargetFailure("error", error_words(error))
            _note(state, condition, own, hidden_words(lost, key))
            if (told := without_keys(error, key)) is not error:
                raise told from None
            raise
        state.output = kept
        state.messages.append(kept.message)
    hide_keys(key)
    hide_in_output(state.output, key)
    completion = state.output.completion
    if (clean := without_surrogates(completion)) != completion:
        state.output.completion = clean
    failed = target_failure(state.output, _stopped_for())
    _note(state, condition, own, failed and hidden_words(failed, key))
    asked, answered = str(get_model()), state.output.model
    if answered and not same_model(asked, answered):
        transcript().info(f"{asked} was asked, and {answered} answered")
    return state


def hidden_words(failure: TargetFailure, key: str | None) -> TargetFailure:
    """Return a failure whose detail shows no key and fits a sample's summary."""
    return failure._replace(detail=shortened(redacted(failure.detail, key)))


def _note(
    state: TaskState, condition: Condition, seed: int | None, failure: TargetFailure | None
) -> None:
    text = "" if failure or state.output.empty else answer_text(state.output.completion)
    sampling, sent_seed = sampling_of(seed)
    record = CompletionRecord(
        comparability=COMPARABILITY,
        condition=condition.name,
        prompt_sha256=condition.prompt_sha256,
        seed=sent_seed,
        sampling=sampling,
        model=state.output.model or None,
        stop_reason=None if state.output.empty else state.output.stop_reason,
        failure=failure.kind if failure else None,
        detail=failure.detail if failure else "",
        text_sha256=text_sha256(text),
        characters=len(text),
    )
    state.metadata["condition"] = condition.name
    state.metadata["prompt_sha256"] = condition.prompt_sha256
    state.metadata["completion"] = record.model_dump(mode="json")


def sampling_of(seed: int | None) -> tuple[Sampling, int | None]:
    """Read the sampling off the last request of this sample's target, and the seed that it carried.

    Where the provider shows no request, they are the settings as they were asked for.

    Args:
        seed: The seed that was asked for.
    """
    event = _last_call()
    return (PROTOCOL_SAMPLING, seed) if event is None else event_sampling(event)


def _last_call() -> ModelEvent | None:
    events = reversed(transcript().events)
    return next((e for e in events if isinstance(e, ModelEvent) and not e.role), None)


def _stopped_for() -> str | None:
    event = _last_call()
    response = event.call.response if event is not None and event.call is not None else None
    said = response.get("stop_reason") if isinstance(response, dict) else None
    return said if isinstance(said, str) else None


def against_model_defaults(
    provider: str, extra_body: Mapping[str, Any] | None
) -> GenerateConfigArgs:
    """Return what keeps a model's own sampling defaults from being added to the protocol's.

    Args:
        provider: Of the target, as in `provider/model`.
        extra_body: What the user adds to every request; it wins.
    """
    match provider:
        case "vllm":
            return {"extra_body": {**VLLM_NEUTRAL, **(extra_body or {})}}
        case "hf":
            # Transformers has no other of these among what Inspect can hand it.
            return {"top_k": 0}
    return {}
