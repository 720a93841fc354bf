import os
from pathlib import Path

import pytest

from likeness.encoder import MiniLM
from protocol.errors import ProtocolError

FETCHED = Path(__file__).resolve().parents[2] / ".venv-encoder"


@pytest.fixture(scope="session")
def weights() -> Path:
    folder = Path(os.environ.get("BWALPHA_ENCODER") or FETCHED)
    if not folder.is_dir():
        pytest.skip("no weights: tests/likeness/get_encoder.sh fetches them")
    return folder


@pytest.fixture(scope="session")
def minilm(weights: Path) -> MiniLM:
    try:
        return MiniLM(weights, threads=2)
    except ProtocolError as error:
        pytest.fail(str(error))
