import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from inspect_ai.model import _model

from protocol.sources import original_rubric

GIVEN_SOURCES = os.path.abspath(given) if (given := os.environ.get("BWALPHA_SOURCES")) else None
ROOT = Path(__file__).resolve().parent.parent
OURS = ("BWALPHA_SOURCES", "BWALPHA_PROMPTS")
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY")


def clear_surroundings(monkeypatch: pytest.MonkeyPatch, factory: pytest.TempPathFactory) -> None:
    """Keep the user's keys, settings and caches out, and what an earlier test left in this process."""
    for name in (*OURS, *KEYS, *(name for name in os.environ if name.startswith("INSPECT_"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(factory.getbasetemp() / "cache"))
    monkeypatch.chdir(ROOT)
    # A model that an earlier test bound to its own judge server must not be handed out again:
    # its calls would be tried over and over against a server that is gone.
    _model._models.clear()
    # eval_set() from Python leaves its target and its judges behind in the process.
    _model.active_model_context_var.set(None)
    _model.init_model_roles({})
    original_rubric.cache_clear()
    # A judge that the tests ask must not be refused in the year in which its provider ends it.
    for module in ("protocol.judges", "scorers.binding", "commands.preflight"):
        monkeypatch.setattr(f"{module}.today", lambda: date(2026, 12, 1))


@pytest.fixture(autouse=True, scope="module")
def _surroundings_of_the_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A module's own fixtures run before those of its first test."""
    with pytest.MonkeyPatch.context() as patch:
        clear_surroundings(patch, tmp_path_factory)
        yield


@pytest.fixture(autouse=True)
def _surroundings_of_the_test(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clear_surroundings(monkeypatch, tmp_path_factory)


@pytest.fixture
def sources() -> Path:
    """The folder with the pinned files, which the tests never download."""
    if not GIVEN_SOURCES:
        pytest.skip("BWALPHA_SOURCES is not set: the pinned source files are not at hand")
    return Path(GIVEN_SOURCES)


@pytest.fixture
def real_sources(sources: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BWALPHA_SOURCES", str(sources))
    return sources


@pytest.fixture
def sources_copy(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pinned files that a test may damage."""
    copy = tmp_path / "sources"
    shutil.copytree(sources, copy)
    monkeypatch.setenv("BWALPHA_SOURCES", str(copy))
    return copy
