import json
import re
from pathlib import Path

from protocol.data import DATASETS, read_jsonl
from protocol.panels import Question, load_panel

ROWS = read_jsonl(DATASETS / "panels" / "broad125.jsonl")
FAMILIES = ("reasoning", "creative", "ethical", "science", "ai")


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def resemblance(one: str, other: str) -> float:
    return len(words(one) & words(other)) / len(words(one) | words(other))


def test_there_are_25_distinct_questions_of_each_kind() -> None:
    questions = [Question(**row) for row in ROWS]

    assert [q.id for q in questions] == [f"{f}_{n:02d}" for f in FAMILIES for n in range(1, 26)]
    assert all(q.family == q.id.rpartition("_")[0] for q in questions)
    assert len({q.input for q in questions}) == len({q.topic for q in questions}) == 125
    assert {(q.subpanel, q.split) for q in questions} == {("other", "none")}


def test_no_question_resembles_another_or_one_of_the_open_panel() -> None:
    own = [row["input"] for row in ROWS]
    others = [question.input for question in load_panel("open52").questions]

    assert max(resemblance(a, b) for i, a in enumerate(own) for b in [*own[:i], *others]) < 0.4


def test_no_question_resembles_one_of_the_published_panel(sources: Path) -> None:
    panel = json.loads(
        (sources / "eval_results/issue-94/alpha_base_null/prompts_used.json").read_text()
    )["prompts"]

    assert max(resemblance(row["input"], q) for row in ROWS for q in panel) < 0.4
