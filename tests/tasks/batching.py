"""Inspect's batches at the pace of a test: it looks for calls and results every 15 seconds otherwise."""

import pytest
from inspect_ai.model._providers.util import batch

from scorers import rounds

LOOK_SECONDS = 0.05


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "DEFAULT_BATCH_TICK", LOOK_SECONDS)
    monkeypatch.setattr(rounds, "QUIET_SECONDS", LOOK_SECONDS)
