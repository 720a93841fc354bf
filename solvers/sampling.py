"""How one completion is sampled."""

from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.solver import Generate, TaskState

from protocol.seeds import DEFAULT_SEED, completion_seed
from protocol.texts import without_surrogates

SAMPLING = GenerateConfig(temperature=1.0, top_p=0.95, max_tokens=512)


def base_seed() -> int:
    """Return the run's base seed: what `--seed` gave, else the protocol's 42."""
    seed = get_model().config.seed
    return DEFAULT_SEED if seed is None else seed


async def sample_completion(state: TaskState, generate: Generate, seed: int | None) -> TaskState:
    """Generate with the completion's own seed, derived from base seed, question and epoch."""
    base = base_seed() if seed is None else seed
    state = await generate(state, seed=completion_seed(base, str(state.sample_id), state.epoch))
    completion = state.output.completion
    if (clean := without_surrogates(completion)) != completion:
        state.output.completion = clean
    return state
