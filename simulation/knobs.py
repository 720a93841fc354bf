"""The model args of a simulated model: how slow it is and how often it fails."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

Fault = Literal["garbage", "cut_off", "refusal", "filtered", "out_of_range", "prose"]
"""What a simulated reply can suffer; each is the name of a model arg, a rate from 0 to 1.

- `garbage`: text with no JSON in it
- `cut_off`: the reply stops half way, stop reason `max_tokens`
- `refusal`: an empty reply, stop reason `stop`
- `filtered`: a short notice, stop reason `content_filter`
- `out_of_range`: well-formed JSON with a score outside 0 to 100 (judges only)
- `prose`: a valid verdict inside a code fence with prose around it (judges only)
"""

JUDGE_FAULTS: tuple[Fault, ...] = get_args(Fault)
TARGET_FAULTS: tuple[Fault, ...] = ("garbage", "cut_off", "refusal", "filtered")


@dataclass(frozen=True)
class Knobs:
    """The settings of one simulated model."""

    latency: float = 0.0
    rates: tuple[tuple[Fault, float], ...] = ()

    def draw(self, key: str) -> Fault | None:
        """Return the fault that befalls the call known by `key`, or None.

        The draw depends on `key` alone, not on what was asked before.

        >>> Knobs(rates=(("garbage", 1.0),)).draw("any call")
        'garbage'
        >>> Knobs().draw("any call") is None
        True
        """
        if not self.rates:
            return None
        point = fraction(key)
        for fault, rate in self.rates:
            if point < rate:
                return fault
            point -= rate
        return None


def fraction(key: str) -> float:
    """Map a text to a number in [0, 1), evenly and the same on every machine."""
    digest = hashlib.sha256(f"fault\n{key}".encode()).digest()
    # 53 bits are what a float holds, so that the result stays under 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def read_knobs(model: str, args: Mapping[str, Any], faults: Sequence[Fault]) -> Knobs:
    """Read a simulated model's args.

    Args:
        model: Name of the model, for the messages.
        args: The model args as Inspect passes them.
        faults: The rates that this model knows.

    Returns:
        The settings.

    Raises:
        ValueError: An arg is unknown, not a number, or out of its range, or the rates add up to
            more than 1.
    """
    allowed = ("latency", *faults)
    unknown = sorted(set(args) - set(allowed))
    if unknown:
        raise ValueError(
            f"simulated/{model} does not know the model arg {', '.join(unknown)}. "
            f"Allowed: {', '.join(allowed)}."
        )
    numbers = {name: _number(model, name, value) for name, value in args.items()}
    latency = numbers.get("latency", 0.0)
    if latency < 0:
        raise ValueError(f"simulated/{model}: latency is in seconds, 0 or more, not {latency:g}.")
    rates = tuple((fault, numbers[fault]) for fault in faults if numbers.get(fault))
    for fault, rate in rates:
        if not 0 <= rate <= 1:
            raise ValueError(f"simulated/{model}: {fault} is a rate from 0 to 1, not {rate:g}.")
    # The tolerance lets rates such as ten times 0.1 through.
    if (total := sum(rate for _, rate in rates)) > 1 + 1e-9:
        raise ValueError(
            f"simulated/{model}: the rates {', '.join(fault for fault, _ in rates)} "
            f"add up to {total:g}; at most 1 is allowed."
        )
    return Knobs(latency=latency, rates=rates)


def _number(model: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"simulated/{model}: {name} must be a number, not {value!r}.")
    return float(value)
