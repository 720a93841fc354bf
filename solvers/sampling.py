"""How one completion is sampled."""

from collections.abc import Mapping
from typing import Any

from inspect_ai.model import GenerateConfig, GenerateConfigArgs, get_model
from inspect_ai.solver import Generate, TaskState

from protocol.seeds import DEFAULT_SEED, completion_seed
from protocol.texts import without_surrogates

SAMPLING = GenerateConfig(temperature=1.0, top_p=0.95, max_tokens=512)

# What a request leaves out, a vLLM server takes from the model's generation_config.json, and Qwen2.5's
# has top_k 20 and repetition_penalty 1.05. The source sampled with neither.
VLLM_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}


def base_seed() -> int:
    """Return the run's base seed: what `--seed` gave, else the protocol's 42."""
    seed = get_model().config.seed
    return DEFAULT_SEED if seed is None else seed


async def sample_completion(state: TaskState, generate: Generate, seed: int | None) -> TaskState:
    """Generate with the completion's own seed, derived from base seed, question and epoch."""
    base = base_seed() if seed is None else seed
    settings = against_model_defaults(state.model.api, get_model().config.extra_body)
    settings["seed"] = completion_seed(base, str(state.sample_id), state.epoch)
    state = await generate(state, **settings)
    completion = state.output.completion
    if (clean := without_surrogates(completion)) != completion:
        state.output.completion = clean
    return state


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
