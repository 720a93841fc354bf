from pathlib import Path

import pytest

from tests.reports.made_logs import make_log
from tests.reports.recomputed_report import Report, build


def awkward(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
    if (question + epoch) % 5 == 0:
        return "unparseable"
    if judge == "opus" and question == 0:
        return "refusal"
    return (10.0 if judge == "sonnet" else 14.0) + 3 * question + epoch, 30.0 + 10 * epoch


@pytest.fixture(scope="session")
def four_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("four")
    for condition in ("pair_111", "grid_1", "grid_2", "grid_3"):
        make_log(folder, condition, verdicts=awkward)
    return folder


@pytest.fixture(scope="session")
def recomputed(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build(tmp_path_factory.mktemp("recomputed"))
