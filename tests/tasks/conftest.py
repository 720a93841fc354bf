import pytest
from inspect_ai.model import _retry


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inspect's own retries follow each other at once."""

    async def at_once(seconds: float) -> None:
        return

    monkeypatch.setattr(_retry, "_sleep", at_once)
