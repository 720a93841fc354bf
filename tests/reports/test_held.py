"""A planted report is held to the letter: its Markdown, terminal text, tables and figures."""

from difflib import unified_diff

import pytest

from tests.reports.holding import HELD, texts


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return texts()


@pytest.mark.parametrize("name", sorted(path.name for path in HELD.iterdir()))
def test_a_planted_report_says_what_it_said(name: str, made: dict[str, str]) -> None:
    held = (HELD / name).read_text(encoding="utf-8").splitlines()
    changed = list(unified_diff(held, made[name].splitlines(), "held", "made", lineterm="", n=0))
    assert changed == [], "if this is meant: python -m tests.reports.holding, and read the diff"


def test_every_text_of_the_report_is_held(made: dict[str, str]) -> None:
    assert sorted(made) == sorted(path.name for path in HELD.iterdir())
