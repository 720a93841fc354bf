"""A row is of what ran: another solver, halves of a condition, and whoever answered."""

from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from inspect_ai.solver import generate

from commands.main import main
from protocol.panels import load_panel
from runs.load import load_runs
from solvers.conditions import grid_1
from tests.support.providers import MODELS, model_at
from tests.support.scripted_server import ScriptedServer, chat
from tests.tasks.running import OPEN, run

REGISTERED = "openai-api/shop/Qwen2.5-7B-Instruct"


def test_each_thing_that_ran_is_a_row_with_a_c_only_where_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "openai-api", REGISTERED)
    ids, numbers = [q.id for q in load_panel("open52").questions], count()
    logs, other = tmp_path / "logs", {"model": "elsewhere-7b"}
    with ScriptedServer(
        lambda text, body: chat(f"Answer {next(numbers)}.", **({} if "seed" in body else other))
    ) as server:
        target = model_at("openai-api", server)

        def measured(first: int, last: int, **options: object) -> None:
            asked = {"sample_id": ids[first:last], "limit": None}
            run("alpha.py@grid_2", logs, model=target, **asked, **options)

        measured(0, 2)
        measured(2, 5)
        measured(0, 4, solver=grid_1())
        measured(0, 6, solver=generate())
        measured(0, 7, args=OPEN | {"omit": "seed"})
    assert sum(server.asked.values()) == 2 * (2 + 3 + 4 + 6 + 7)

    rows = {(r.condition, r.answered): r for r in load_runs([str(logs)]).runs}
    made = {key: len(found.clusters) for key, found in rows.items()}
    assert made == {
        ("grid_2", ()): 10,
        ("grid_1", ()): 8,
        ("solver inspect_ai/generate", ()): 12,
        ("grid_2", ("elsewhere-7b",)): 14,
    }
    assert {r.condition for r in rows.values() if r.as_planned} == {"grid_2"}

    result = CliRunner().invoke(main, ["report", str(logs)])
    assert result.exit_code == 0, result.output
    printed = " ".join(result.output.split())
    assert "joined from 2 logs" in printed
    assert f"{REGISTERED} was asked, and elsewhere-7b answered" in printed
    # Of four rows only the condition's own prompt on the registered target has a C.
    assert printed.count("0.6796") == 1
    assert "0.7353" not in printed
