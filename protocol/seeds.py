"""A seed of its own for every completion."""

import hashlib

DEFAULT_SEED = 42


def completion_seed(base_seed: int, question_id: str, epoch: int) -> int:
    """Derive a completion's seed, the same on every machine and in every order of execution.

    One seed sent with all epochs would make vLLM return the same completion every time.

    Args:
        base_seed: The run's seed, 42 in the published protocol.
        question_id: The question's id in its panel.
        epoch: The completion's number, from 1.

    Returns:
        An integer in 0 to 2**31 - 1, which every provider's seed parameter takes.
    """
    digest = hashlib.sha256(f"{base_seed}:{question_id}:{epoch}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
