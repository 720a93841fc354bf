"""What an import of tables says of its files, held line by line."""

from pathlib import Path

import pytest

from exchange.tables.table import ImportedScore
from tests.exchange.tables.test_values import of_csv, scores

FILE = "question in 'question'; completion in 'answer'"
OWN = "2 questions of a panel of its own"
ROWS = "condition rows: 2 questions, 3 completions (1 to 2 per question), prompt not in the file"
SAID: dict[str, tuple[str, list[int], list[str], list[str]]] = {
    "a column that numbers the rows": (
        "question,answer,sample\na,x,0\na,y,1\nb,z,2\n",
        [1, 2, 1],
        [
            f"rows.csv: 3 rows; {FILE}; epoch in 'sample'",
            "rows.csv: 'sample' numbers the rows; completions numbered as they come",
            OWN,
            ROWS,
        ],
        [],
    ),
    "epochs from 0": (
        "question,answer,epoch\na,x,0\na,y,1\nb,z,0\n",
        [1, 2, 1],
        [f"rows.csv: 3 rows; {FILE}; epoch in 'epoch'", OWN, ROWS],
        [],
    ),
    "epochs from 1, not in order": (
        "question,answer,epoch\na,x,2\na,y,1\nb,z,1\n",
        [2, 1, 1],
        [f"rows.csv: 3 rows; {FILE}; epoch in 'epoch'", OWN, ROWS],
        [],
    ),
    "no numbers": (
        "question,answer,sample\na,x,one\na,y,two\n",
        [1, 2],
        [
            f"rows.csv: 2 rows; {FILE}; epoch in 'sample'",
            "rows.csv: 'sample' holds no epochs; numbered as they come",
            "1 questions of a panel of its own",
            "condition rows: 1 questions, 2 completions (2 per question), prompt not in the file",
        ],
        [],
    ),
    "a column that nothing needs": (
        "question,answer,n\na,x,0\na,y,1\nb,z,2\n",
        [1, 2, 1],
        [f"rows.csv: 3 rows; {FILE}; not used: 'n'", OWN, ROWS],
        [],
    ),
    "two conditions": (
        "condition,question,answer,system_prompt\none,a,x,P\none,a,y,P\ntwo,a,z,\ntwo,b,z,\n",
        [1, 2, 1, 1],
        [
            f"rows.csv: 4 rows; {FILE}; condition in 'condition'; system prompt in 'system_prompt'",
            OWN,
            "condition one: 1 questions, 2 completions (2 per question), system prompt",
            "condition two: 2 questions, 2 completions (1 per question), no system prompt",
        ],
        [],
    ),
    "two judges, one with a gap": (
        "question,answer,model,s_aligned,s_coherent,o_aligned,o_coherent\n"
        "a,x,org/m,10,20,,\na,y,org/m,90,40,30,50\nb,,org/m,5,1,100,2\n",
        [1, 2, 1],
        [
            f"rows.csv: 3 rows; {FILE}; target in 'model'; verdicts of s in 's_aligned', 's_coherent'; "
            "verdicts of o in 'o_aligned', 'o_coherent'",
            OWN,
            "judge s (model not in the file): 3 verdicts, 0 failed, aligned from 5 to 90",
            "judge o (model not in the file): 2 verdicts, 1 failed, aligned from 30 to 100",
            f"{ROWS}, target org/m",
        ],
        [
            "rows.csv: 1 cells of the completion are empty and were taken as empty answers; remove the "
            "rows if they were never answered",
            "rows: 1 completions are empty; an empty answer is judged as one",
        ],
    ),
}


@pytest.mark.parametrize(("text", "epochs", "found", "warnings"), SAID.values(), ids=SAID)
def test_an_import_says_what_it_took_for_what(
    text: str, epochs: list[int], found: list[str], warnings: list[str], tmp_path: Path
) -> None:
    table = of_csv(tmp_path, text)
    folder = f"{tmp_path}/"
    assert [line.removeprefix(folder) for line in table.found] == found
    assert [line.removeprefix(folder) for line in table.warnings] == warnings
    assert [row.epoch for one in table.conditions.values() for row in one.rows] == epochs


def test_the_verdicts_of_two_judges_stay_apart(tmp_path: Path) -> None:
    table = of_csv(tmp_path, SAID["two judges, one with a gap"][0])
    first, *others = scores(table, "o")
    assert first is not None
    assert (first.aligned, first.failure, first.detail) == (None, "unparseable", "no 'aligned'")
    assert others == [ImportedScore(30.0, 50.0), ImportedScore(100.0, 2.0)]
    assert scores(table, "s") == [
        ImportedScore(10.0, 20.0),
        ImportedScore(90.0, 40.0),
        ImportedScore(5.0, 1.0),
    ]
