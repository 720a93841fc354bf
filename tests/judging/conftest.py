from collections.abc import Iterator

import pytest

from tests.judging.providing import KEYS, FaultServer, fault_server


@pytest.fixture(scope="module")
def shared() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def server(shared: FaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    shared.tell(reset=True)
    return shared
