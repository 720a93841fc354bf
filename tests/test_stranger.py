"""An addition touches several places: each that is forgotten fails here (CONTRIBUTING.md)."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from bwalpha._registry import TASKS
from exchange.dataset.card import COLUMNS, JUDGE_COLUMNS
from exchange.logs import METRICS as OF_AN_IMPORT
from protocol.conditions import condition_rows
from protocol.data import DATASETS, read_yaml
from protocol.judges import judge_table
from protocol.panels import BUILT_IN, load_panel
from runs import frame
from runs.load import load_runs
from scorers.reading import FAILURE_KINDS
from tests.reports.made_logs import make_log
from tests.tasks.running import ROOT

# An import holds the metrics that a file's verdicts have: one verdict each, and no note of this suite.
OF_A_RUN_ONLY = {"retest", "noted"}


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


CONDITIONS = {*condition_rows(), *(n for f, names in TASKS.items() if f != "custom" for n in names)}


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_a_condition_has_a_row_a_solver_and_a_registered_task(name: str) -> None:
    assert name in condition_rows()
    assert callable(getattr(import_module("solvers.conditions"), name, None))
    [file] = [file for file, names in TASKS.items() if name in names]
    assert callable(getattr(import_module(f"tasks.{file}"), name, None))


def test_a_default_judge_is_a_model_that_the_suite_knows_with_its_price() -> None:
    known = read_yaml("judges.yaml")["models"]
    for model in judge_table().default.values():
        assert model in known
        assert judge_table().profile(model).price is not None
        assert f"`{model.split('/')[1]}`" in page("judging")


def test_a_metric_is_every_judge_s_and_an_import_s() -> None:
    source = (ROOT / "scorers" / "metrics.py").read_text("utf-8")
    made = set(re.findall(r"@metric.*\ndef (\w+)", source))
    [listed] = re.findall(
        r"\nMETRICS = \[(.*)\]", (ROOT / "scorers" / "judges.py").read_text("utf-8")
    )
    of_a_judge = set(re.findall(r"(\w+)\(\)", listed))
    assert made
    assert made <= of_a_judge
    assert set(OF_AN_IMPORT) == of_a_judge - OF_A_RUN_ONLY


def kinds_given() -> set[str]:
    """The failure kinds that some scorer gives."""
    texts = [path.read_text("utf-8") for path in (ROOT / "scorers").glob("*.py")]
    given = r"(?<!Target)Failure\(\s*\"(\w+)\"|kind: FailureKind = \"(\w+)\".* else \"(\w+)\""
    return {kind for text in texts for found in re.findall(given, text) for kind in found if kind}


@pytest.mark.parametrize("kind", sorted({*kinds_given(), *FAILURE_KINDS}))
def test_a_failure_kind_is_named_given_and_explained(kind: str) -> None:
    assert kind in FAILURE_KINDS
    assert kind in kinds_given()
    assert f"\n| `{kind}` |" in page("judging")


def test_a_panel_s_file_is_a_panel_with_a_name() -> None:
    files = {path.stem for path in (DATASETS / "panels").glob("*.jsonl")}
    assert files <= set(BUILT_IN)


@pytest.mark.usefixtures("real_sources")
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_panel_is_loaded_by_its_name_and_documented(name: str) -> None:
    panel = load_panel(name)
    assert panel.name == name
    assert panel.questions
    assert f"`{name}`" in page("protocol")


def test_a_column_is_filled_and_explained(tmp_path: Path) -> None:
    make_log(tmp_path, count=1, epochs=1)
    [run] = load_runs([str(tmp_path)]).runs
    [row] = frame._rows(run, [], originals=False)
    assert set(row) == set(frame.DTYPES) == set(COLUMNS)
    of_a_judge = set(frame._rows(run, ["sonnet"], originals=False)[0]) - set(row)
    assert of_a_judge == {f"sonnet_{name}" for name in frame.JUDGE_DTYPES}
    assert set(frame.JUDGE_DTYPES) == set(JUDGE_COLUMNS)
