"""SIMULATED anchors and links for the tests: conditions whose α runs from about 15 to 90."""

from datetime import date

import numpy as np

from linking.drift import choose_fixed_part
from linking.fitting import fit_link
from linking.linkfile import LinkedJudge, LinkFile
from linking.pairs import Floats, Pairs, pair_scores
from protocol.records import Instrument

RUBRIC = "0" * 64
OLD = LinkedJudge.of(
    "sonnet", Instrument(asked="made/retired-1", rubric_sha256=RUBRIC, max_tokens=256)
)
NEW = LinkedJudge.of(
    "sonnet", Instrument(asked="made/successor-2", rubric_sha256=RUBRIC, max_tokens=256)
)
QUESTIONS = 8
PER_QUESTION = 4


def old_scores(conditions: int, rng: np.random.Generator) -> Floats:
    """Conditions × questions × completions."""
    level = np.linspace(15, 90, conditions)[:, None, None]
    asked = rng.normal(0, 6, (conditions, QUESTIONS, 1))
    return np.clip(level + asked + rng.normal(0, 8, (conditions, QUESTIONS, PER_QUESTION)), 0, 100)


def pairs(conditions: int = 24, seed: int = 1, shift: float = 10.0, noise: float = 3.0) -> Pairs:
    """A successor that scores every completion higher by `shift`."""
    rng = np.random.default_rng(seed)
    old = old_scores(conditions, rng)
    new = np.clip(old + shift + rng.normal(0, noise, old.shape), 0, 100)
    condition, question, _ = np.indices(old.shape)
    return pair_scores(
        [f"c{i:02}" for i in condition.ravel()],
        [f"q{i}" for i in question.ravel()],
        old.ravel(),
        new.ravel(),
        {"cell": [f"cell{i % 6}" for i in condition.ravel()]},
    )


def link(given: Pairs | None = None, **changes: object) -> LinkFile:
    """A link file of simulated anchors."""
    given = pairs() if given is None else given
    ids = [f"a{i}" for i in range(len(given))]
    arguments: dict[str, object] = {
        "old": OLD,
        "new": NEW,
        "anchors_sha256": "1" * 64,
        "anchors_source": "SIMULATED",
        "panel_sha256": "2" * 64,
        "fixed_part": choose_fixed_part(
            date(2026, 12, 1),
            ids,
            [given.conditions[i] for i in given.condition],
            [given.questions[i] for i in given.question],
            given.old,
            given.new,
        ),
        "made": date(2026, 12, 1),
        "suite_version": "0",
    }
    return fit_link(given, **(arguments | changes))  # type: ignore[arg-type]
