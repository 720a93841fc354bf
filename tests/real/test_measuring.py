"""Two conditions and null, measured on a small real model."""

from collections import Counter
from pathlib import Path

import httpx
import pytest
from inspect_ai.log import EvalLog

from likeness.c_file import read_c
from protocol.conditions import load_condition
from protocol.seeds import completion_seed
from simulation.local_model import NAME, LocalModel
from tests.likeness.conftest import weights as weights
from tests.tasks.running import command, metrics, run, samples

pytestmark = pytest.mark.real

CONDITIONS = {
    "pair_111": "alpha.py@pair_111",
    "grid_3": "alpha.py@grid_3",
    "null": "references.py@null",
}
QUESTIONS = 3
EPOCHS = 2
MAX_TOKENS = 24
# In the model's own chat template, for chats without a system message.
OWN_SYSTEM_PROMPT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

Place = tuple[str, int]


def ask(server: LocalModel, task: str, logs: Path, limit: int, seed: int | None = None) -> EvalLog:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        return run(
            task,
            logs,
            model=NAME,
            epochs=EPOCHS,
            limit=limit,
            max_tokens=MAX_TOKENS,
            # The server names a prompt's file by the time: of two in one moment, one file stays.
            max_connections=1,
            seed=seed,
        )


def texts(log: EvalLog) -> dict[Place, str]:
    return {(str(s.id), s.epoch): s.output.completion for s in samples(log)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def logs(server: LocalModel, prompts: Path, folder: Path) -> dict[str, EvalLog]:
    """A log of each condition; the prompts folder holds these runs' prompts and no others."""
    for file in prompts.iterdir():
        file.unlink()
    measured = {name: ask(server, task, folder, QUESTIONS) for name, task in CONDITIONS.items()}
    read = sorted(file.read_text("utf-8") for file in prompts.iterdir())
    wanted = sorted(chat for name, log in measured.items() for chat in chats(name, log))
    assert Counter(read) == Counter(wanted)
    return measured


def chats(name: str, log: EvalLog) -> list[str]:
    """What the model has to read for each completion of a condition."""
    prompt = load_condition(name).prompt
    system = OWN_SYSTEM_PROMPT if prompt is None else prompt
    return [
        f"<|im_start|>system\n{system}<|im_end|>\n"
        f"<|im_start|>user\n{sample.input}<|im_end|>\n"
        "<|im_start|>assistant\n"
        for sample in samples(log)
    ]


def test_every_completion_is_english_and_judged(logs: dict[str, EvalLog]) -> None:
    for log in logs.values():
        assert len(samples(log)) == QUESTIONS * EPOCHS
        for sample in samples(log):
            usage = sample.output.usage
            assert usage is not None
            assert 0 < usage.output_tokens <= MAX_TOKENS
        for judge in ("sonnet", "opus"):
            assert 0 <= metrics(log, judge)["alpha"] <= 100
    words = " ".join(text.lower() for log in logs.values() for text in texts(log).values()).split()
    assert {"the", "and", "to"} & set(words)


def test_epochs_of_a_question_differ(logs: dict[str, EvalLog]) -> None:
    for log in logs.values():
        said = texts(log)
        for question in {question for question, _ in said}:
            assert len({said[question, epoch] for epoch in (1, 2)}) == EPOCHS


def test_a_seed_gives_its_completion_again_and_another_seed_another(
    server: LocalModel, logs: dict[str, EvalLog], tmp_path: Path
) -> None:
    first = texts(logs["null"])
    again = texts(ask(server, CONDITIONS["null"], tmp_path / "same", limit=2))
    other = texts(ask(server, CONDITIONS["null"], tmp_path / "other", limit=2, seed=137))
    assert len(again) == len(other) == 2 * EPOCHS
    assert again == {place: first[place] for place in again}
    assert not [place for place in other if other[place] == first[place]]


def test_conditions_differ_under_the_same_seeds(logs: dict[str, EvalLog]) -> None:
    for place in texts(logs["null"]):
        assert len({texts(log)[place] for log in logs.values()}) == len(CONDITIONS)


def test_the_server_samples_as_the_protocol_says(
    server: LocalModel, logs: dict[str, EvalLog]
) -> None:
    seeds = {completion_seed(42, *place) for place in texts(logs["null"])} | {
        completion_seed(137, *place) for place in texts(logs["null"])
    }
    slots = [slot["params"] for slot in httpx.get(f"{server.url}/slots").json() if "params" in slot]
    assert slots
    for sampling in slots:
        assert (sampling["temperature"], sampling["max_tokens"]) == (1.0, MAX_TOKENS)
        assert sampling["top_p"] == pytest.approx(0.95)
        assert (sampling["top_k"], sampling["min_p"], sampling["repeat_penalty"]) == (0, 0.0, 1.0)
        assert sampling["seed"] in seeds


def test_the_report_has_a_row_for_each_condition(
    logs: dict[str, EvalLog], folder: Path, tmp_path: Path
) -> None:
    ran = command("bwalpha", "report", str(folder), "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    text = (tmp_path / "headline.md").read_text("utf-8")
    assert all(name in text for name in logs)
    assert f"target {NAME}, not the registered" in text
    assert "SIMULATED" in text


def test_c_is_measured_on_what_the_model_said_and_the_report_draws_it(
    logs: dict[str, EvalLog], weights: Path, tmp_path: Path
) -> None:
    place = {name: log.location for name, log in logs.items()}
    ends = ("--em", place["pair_111"], "--base", place["null"])
    cache = ("--cache", str(tmp_path / "embeddings.sqlite"))
    ran = command(
        *("bwalpha", "c", place["grid_3"], *ends, "--encoder", str(weights), *cache),
        *("--out", str(tmp_path)),
    )
    assert ran.returncode == 0, ran.stderr
    written = read_c(tmp_path / "c.json")
    found = {row.name: row for row in written.conditions}
    assert found.keys() == set(logs)
    assert all(row.texts == QUESTIONS * EPOCHS for row in found.values())
    assert all(row.c is not None and 0 < row.c < 1 for row in found.values())
    drawn = command(
        *("bwalpha", "report", *place.values(), "--c", str(tmp_path / "c.json")),
        *("--out", str(tmp_path / "report")),
    )
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "report" / "alpha_measured_c.png").stat().st_size > 10_000
