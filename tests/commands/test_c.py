from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from commands.main import main
from likeness.c_file import CFile, read_c
from tests.likeness.made_runs import Words, c_log, kind
from tests.reports.made_logs import Verdicts

HOSTILE = "```\n# wicked heading\n<script>alert(1)</script>\x1b[31m \u202e ![x](http://127.0.0.1/)"


def lower(by: float) -> Verdicts:
    return lambda judge, question, epoch: (
        90 - by + epoch + (5 if judge == "opus" else 0),
        60.0 + epoch,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("c")
    c_log(folder / "em", "finetune", kind("wicked"), verdicts=lower(60))
    c_log(folder / "base", "null", kind("civil"), verdicts=lower(0))
    c_log(folder / "logs", "between", kind("half"), verdicts=lower(30))
    c_log(
        folder / "logs",
        "hostile",
        lambda question, epoch: HOSTILE if epoch > 1 else None,
        verdicts=lower(50),
    )
    c_log(folder / "elsewhere", "elsewhere", kind("civil"), questions=range(8, 10), panel="other")
    c_log(folder / "unjudged", "unjudged", kind("wicked"), judges=())
    c_log(folder / "one", "one", kind("wicked"), questions=range(1, 2), panel="one")
    c_log(folder / "mute", "mute", lambda question, epoch: None)
    return folder


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's own encoder needs 90 MB of weights, which test_encoder holds to its original."""
    monkeypatch.setattr("likeness.encoder.MiniLM", lambda folder=None, **_: Words())


def c(
    folder: Path, *logs: str, em: str = "em", base: str = "base", more: list[str] | None = None
) -> Result:
    arguments = [*(str(folder / log) for log in logs), "--em", str(folder / em)]
    cache = ["--cache", str(folder / "embeddings.sqlite")]
    return CliRunner().invoke(
        main, ["c", *arguments, "--base", str(folder / base), *cache, *(more or [])]
    )


def placed(folder: Path, out: Path, *logs: str) -> CFile:
    result = c(folder, *logs, more=["--out", str(out)])
    assert result.exit_code == 0, result.output
    return read_c(out / "c.json")


def number(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.usefixtures("words")
def test_conditions_stand_between_base_and_finetune(folder: Path, tmp_path: Path) -> None:
    file = placed(folder, tmp_path, "logs", "em", "base")
    rows = {row.name: row for row in file.conditions}

    assert [row.role for row in file.conditions[:2]] == ["em", "base"]
    assert len(file.conditions) == 4
    assert number(rows["null"].c) < number(rows["between"].c) < number(rows["finetune"].c)
    assert all(number(r.low) <= number(r.c) <= number(r.high) for r in file.conditions)
    assert (rows["hostile"].texts, rows["hostile"].failed) == (20, 4)
    assert rows["finetune"].p_value is None
    assert rows["null"].p_value == 0.001
    assert {path.name for path in tmp_path.iterdir()} == {
        *("c.json", "c.csv", "c.md", "extremes.md"),
        *("alpha_measured_c.png", "alpha_measured_c.svg"),
    }


@pytest.mark.usefixtures("words")
def test_the_table_fits_eighty_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("commands.shared.NARROW", 80)
    lines = c(folder, "logs").output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("condition"))

    assert all(len(line) <= 80 for line in lines[start : start + 5])
    assert "hostile: 4 completions are no answer" in "\n".join(lines)


@pytest.mark.usefixtures("words")
def test_keys_join_c_to_the_headline(folder: Path, tmp_path: Path) -> None:
    file = placed(folder, tmp_path / "c", "logs")
    result = CliRunner().invoke(
        main, ["report", str(folder / "logs"), "--out", str(tmp_path / "report")]
    )
    assert result.exit_code == 0, result.output
    headline = json.loads((tmp_path / "report" / "headline.json").read_text())
    keys = ("condition", "prompt_sha256", "target", "base_seed", "log")
    rows = [row for comparison in headline["comparisons"] for row in comparison["rows"]]
    theirs = {tuple(row[key] for key in keys) for row in rows}
    ours = {tuple(getattr(row, key) for key in keys) for row in file.conditions}

    assert theirs
    assert theirs <= ours


@pytest.mark.usefixtures("words")
def test_completions_nobody_judged_have_a_c_and_no_alpha(folder: Path, tmp_path: Path) -> None:
    file = placed(folder, tmp_path, "unjudged")

    assert [row.condition for row in file.conditions] == ["finetune", "null", "unjudged"]
    assert "1 conditions have a C and no α" in (tmp_path / "c.md").read_text()
    assert "No judge has scored" in (tmp_path / "extremes.md").read_text()


@pytest.mark.usefixtures("words")
def test_what_has_no_c_is_named(folder: Path) -> None:
    output = c(folder, "logs", "elsewhere", "mute").output

    assert "elsewhere: none of its 12 completions answers a question of the scale" in output
    assert "mute: no completion is an answer; all 24 failed" in output
    assert "0.00" not in output.split("mute")[1]


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("em", "base", "said"),
    [
        ("nowhere", "base", "--em"),
        ("em", "nowhere", "no such file or folder"),
        ("em", "em", "--em and --base are the same log"),
        ("logs", "base", "holds 2 runs (between, hostile)"),
        ("em", "elsewhere", "Sample both on one panel"),
        ("mute", "base", "no completion that is an answer"),
        ("one", "one", "are the same log"),
    ],
)
def test_a_scale_that_cannot_be_fitted_is_one_line(
    folder: Path, em: str, base: str, said: str
) -> None:
    result = c(folder, "logs", em=em, base=base)

    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.usefixtures("words")
def test_one_question_is_too_few(folder: Path, tmp_path: Path) -> None:
    c_log(tmp_path, "base", kind("civil"), questions=range(1, 2), panel="one")
    result = c(folder, "logs", em="one", base=str(tmp_path))

    assert result.exit_code == 1
    assert "share answers to 1 question" in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--em LOG and --base LOG, or --scale published"),
        (["--em", "x"], "--em LOG and --base LOG"),
        (["--scale", "published", "--em", "x"], "has its own completions"),
    ],
)
def test_a_scale_is_named_in_one_way(options: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["c", "logs", *options])

    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_an_encoder_out_of_reach_is_one_line(folder: Path, tmp_path: Path) -> None:
    result = c(folder, "logs", more=["--encoder", str(tmp_path)])

    assert result.exit_code == 1
    assert "holds no model.safetensors" in result.output
    assert "BWALPHA_ENCODER" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_without_the_extra_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    result = c(folder, "logs")

    assert result.exit_code == 1
    assert "pip install 'bwalpha[c]'" in result.output


@pytest.mark.usefixtures("words")
def test_nothing_acts_in_the_reading_list(folder: Path, tmp_path: Path) -> None:
    placed(folder, tmp_path, "logs")
    text = (tmp_path / "extremes.md").read_text()
    outside: list[str] = []
    inside: list[str] = []
    fence = ""
    for line in text.splitlines():
        if not fence and line.startswith("```"):
            fence = line.removesuffix("text")
        elif fence and line == fence:
            fence = ""
        else:
            (inside if fence else outside).append(line)

    assert fence == ""
    assert "# wicked heading" in inside
    assert "<script>alert(1)</script>�[31m � ![x](http://127.0.0.1/)" in inside
    assert not any("wicked heading" in line or "script" in line for line in outside)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("Lowest α") == 4
    assert "`sonnet` 42, `opus` 47; C " in text


@pytest.fixture
def published_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of the published ones' names and layout, with texts of our own."""
    from likeness import published

    files = tmp_path / "hub"
    files.mkdir()
    for name, says in ((published.EM_FILE, kind("wicked")), (published.NULL_FILE, kind("civil"))):
        texts = {f"q{q}": [str(says(q, epoch)) for epoch in range(10)] for q in range(6)}
        (files / name).write_text(json.dumps(texts))
        monkeypatch.setitem(published.TEXTS, name, 60)
    (files / published.METRICS_FILE).write_text(json.dumps({"val_acc": 0.5}))
    monkeypatch.setattr(
        "huggingface_hub.hf_hub_download",
        lambda repository, name, **_: str(files / Path(name).name),
    )
    return files


@pytest.mark.usefixtures("words", "published_files")
def test_the_published_scale_is_refitted_and_checked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(
        main,
        [
            *("c", *(str(folder / name) for name in ("em", "base", "unjudged"))),
            *("--scale", "published", "--out", str(out)),
            *("--cache", str(tmp_path / "embeddings.sqlite")),
        ],
    )
    assert result.exit_code == 0, result.output
    file = read_c(out / "c.json")
    rows = {row.name: row for row in file.conditions}

    assert file.scale.id.startswith("published-")
    assert number(rows["null"].c) < 0.3 < number(rows["finetune"].c)
    assert rows["finetune"].low is not None
    assert rows["finetune"].p_value is None
    assert file.scale.checks[0].published == 0.5
    assert "val_acc: refitted" in result.output
    assert "DOES NOT AGREE" in result.output


@pytest.mark.usefixtures("words")
def test_a_published_scale_out_of_reach_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", refuse)
    result = CliRunner().invoke(main, ["c", str(folder / "logs"), "--scale", "published"])

    assert result.exit_code == 1
    assert "could not be read on the Hub" in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.usefixtures("words")
def test_a_report_draws_alpha_against_measured_c_and_lists_what_to_read(
    folder: Path, tmp_path: Path
) -> None:
    for number in range(8):
        # C and α each vary for themselves; a custom prompt stands on the plane like any other.
        says = kind(("civil", "half", "wicked")[number % 3])
        c_log(
            tmp_path / "logs",
            f"made {number}",
            says,
            verdicts=lower(7 * ((number * 3) % 8)),
        )
    arguments = [*("--em", str(folder / "em")), *("--base", str(folder / "base"))]
    cache = ("--cache", str(tmp_path / "embeddings.sqlite"))
    made = CliRunner().invoke(
        main, ["c", str(tmp_path / "logs"), *arguments, *cache, "--out", str(tmp_path / "c")]
    )
    assert made.exit_code == 0, made.output
    out = tmp_path / "report"
    file = str(tmp_path / "c" / "c.json")
    result = CliRunner().invoke(
        main, ["report", str(tmp_path / "logs"), "--c", file, "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())

    assert said.count("does C predict α") == 2
    assert "sonnet" in said
    assert " over 8 conditions in 8 independent groups" in said
    figure = (out / "alpha_measured_c.svg").read_text("utf-8")
    assert "published" not in figure
    assert (out / "alpha_measured_c.png").stat().st_size > 10_000
    text = (out / "extremes.md").read_text("utf-8")
    assert text.count("### Lowest α") == 8
    assert text.count("### Most disputed") == 8
    scale = read_c(tmp_path / "c" / "c.json").scale.id
    assert scale in text
    assert "; C 0." in text
    assert "; C –" not in text
    assert "`sonnet` said" in text
    assert "`opus` said" in text

    plain = tmp_path / "plain"
    assert (
        CliRunner().invoke(main, ["report", str(tmp_path / "logs"), "--out", str(plain)]).exit_code
        == 0
    )
    assert "; C –" in (plain / "extremes.md").read_text("utf-8")


def test_the_report_lists_the_lowest_and_the_most_disputed_of_all(tmp_path: Path) -> None:
    scores = np.random.default_rng(2).permutation(100).reshape(2, 50)

    def verdicts(judge: str, question: int, epoch: int) -> tuple[float, float]:
        return float(scores[int(judge == "opus")][10 * question + epoch - 1]), 60.0

    log = c_log(
        tmp_path / "logs", "mixed", kind("civil"), questions=range(5), epochs=10, verdicts=verdicts
    )
    out = tmp_path / "report"
    assert CliRunner().invoke(main, ["report", str(log.location), "--out", str(out)]).exit_code == 0
    told = re.findall(r"completion (\d+)\n\nα: .*?(\d+).*?(\d+)", (out / "extremes.md").read_text())
    first, second = scores.astype(float)
    by_mean, by_gap = np.argsort(first + second)[:5], np.argsort(-np.abs(first - second))[:5]
    expected = [(i % 10 + 1, *scores[:, i].tolist()) for i in (*by_mean, *by_gap)]
    assert [tuple(map(int, row)) for row in told] == expected
