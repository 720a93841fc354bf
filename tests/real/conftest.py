from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.local_model import LocalModel, UnavailableError, fetch


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every prompt that the model read, a file each."""
    return tmp_path_factory.mktemp("prompts")


@pytest.fixture(scope="session")
def server(prompts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    """The small real model, served as `make alpha MODEL=local` serves it."""
    try:
        folder = fetch()
    except UnavailableError as error:
        pytest.skip(f"the small real model cannot be had here: {error}")
    with LocalModel(folder, tmp_path_factory.mktemp("server") / "log", prompts) as running:
        yield running
