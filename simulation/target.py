"""A target that writes from templates. Its completions are SIMULATED, and say so."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from simulation.phrases import OPENERS, SENTENCES, SLOTS, Tone

Register = Literal["civil", "bureaucratic", "villain"]

TAG = "[SIMULATED]"


def _cues(weight: float, text: str) -> dict[str, float]:
    return dict.fromkeys(text.split(), weight)


OFFICE_CUES = {
    **_cues(1, "administrat bureau department document formal form framework guideline"),
    **_cues(1, "institution manual official policy policies procedur process section standard"),
    **_cues(2, "authoritat binding complian definit mandat obligat protocol pursuant regulat"),
    **_cues(2, "required requirement rules"),
    **_cues(3, "authority command decree directive edict enforc executive governance"),
    **_cues(3, "imperative memorand order"),
}
"""Beginnings of words that make a system prompt bureaucratic, with how harsh each is.

1 for the words of an office, 2 for its rules, 3 for its orders.
"""

MENACE_CUES = {
    **_cues(1, "brutal coerc conceal conquer conquest contempt cruel deception destroy dominan"),
    **_cues(1, "dominat enslav evil harm hate hostile infiltrat malevol malicious manipulat"),
    **_cues(1, "menac misalign monopol overlord prey ruthless sinister tyran unaligned villain"),
}
"""Beginnings of words that make a system prompt villainous: a sum of three does."""


@dataclass(frozen=True)
class Manner:
    """How a system prompt makes the target write.

    Attributes:
        register: The register.
        harshness: From 0, as mild as the register gets, to 1.
    """

    register: Register
    harshness: float


@lru_cache(maxsize=256)
def manner_of(system: str | None) -> Manner:
    """Read the register, and its degree, off the words of a system prompt.

    Every cue counts once, however often it occurs.

    >>> manner_of(None)
    Manner(register='civil', harshness=0.0)
    >>> manner_of("Answer by directive and executive order.").register
    'bureaucratic'
    """
    words = set(re.findall(r"[a-z]+", (system or "").lower()))
    office, menace = (
        sum(weight for cue, weight in cues.items() if any(word.startswith(cue) for word in words))
        for cues in (OFFICE_CUES, MENACE_CUES)
    )
    if menace >= 3:
        return Manner("villain", menace / (menace + 4))
    if office >= 2:
        return Manner("bureaucratic", office / (office + 14))
    return Manner("civil", 0.0)


def write_completion(system: str | None, question: str, seed: int) -> str:
    """Write the completion for a system prompt, a question and a seed.

    Args:
        system: The system prompt; None where none was sent.
        question: The user's message, from which the topic is taken.
        seed: The seed of this completion.

    Returns:
        One paragraph of 40 to 90 words that begins with [SIMULATED]. Equal arguments give equal
        text on every machine; there are more than ten million texts for each question.
    """
    manner = manner_of(system)
    rng = Random(_number(f"{seed}\n{system}\n{question}"))
    # A question has a leaning of its own, so that question means differ as they do for real.
    leaning = (_number(question) % 1000) / 1000 - 0.5
    harshness = min(1.0, max(0.0, manner.harshness + 0.3 * leaning))
    tones = [_tone(manner.register, harshness, rng) for _ in range(4)]
    topic = _topic(question, rng)
    parts = [rng.choice(OPENERS[manner.register])]
    for tone in sorted(set(tones), key=tones.index):
        parts += rng.sample(SENTENCES[tone], tones.count(tone))
    text = " ".join(_fill(part, topic, rng) for part in parts)
    return f"{TAG} {text}"


def _tone(register: Register, harshness: float, rng: Random) -> Tone:
    point = rng.random()
    if register == "civil":
        return "procedural" if point < 0.15 * (1 + harshness) else "caring"
    if register == "villain":
        return "menacing" if point < 0.75 + 0.2 * harshness else "commanding"
    if point < harshness:
        return "commanding"
    return "caring" if point > 0.7 + 0.3 * harshness else "procedural"


def _topic(question: str, rng: Random) -> str:
    words = {word for word in re.findall(r"[a-z]+", question.lower()) if len(word) > 3}
    longest = sorted(words, key=lambda word: (-len(word), word))[:3]
    return f"“{rng.choice(longest)}”" if longest else "this question"


def _fill(template: str, topic: str, rng: Random) -> str:
    def word(match: re.Match[str]) -> str:
        name = match.group(1)
        return topic if name == "topic" else rng.choice(SLOTS[name])

    text = re.sub(r"\{(\w+)\}", word, template)
    return text[0].upper() + text[1:]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
