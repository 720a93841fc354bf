"""What requests really carried, whatever was asked for: it stands in the log, and makes the row."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from protocol.records import PROTOCOL_SAMPLING, SampleRecord
from reports.notes import row_notes
from reports.published import read_rules
from runs.load import load_runs
from runs.run import Run
from tests.support.providers import MODELS, model_at
from tests.support.scripted_server import (
    Http,
    ScriptedServer,
    candidate,
    chat,
    chat_error,
    message,
    response,
)
from tests.tasks.running import OPEN, metrics, run, run_all, samples

NUMBERS = count()
SAYS: dict[str, Callable[[str], Http]] = {
    "anthropic": lambda text: message({"type": "text", "text": text}),
    "google": candidate,
    "responses": response,
}


def server(provider: str, refuses: str = "") -> ScriptedServer:
    """A target that never says the same twice, and refuses some settings as real ones do."""

    def answer(text: str, body: dict[str, Any]) -> Http:
        if unwanted := [name for name in refuses.split(",") if name in body]:
            return chat_error(f"Unsupported parameter: {unwanted[0]!r} is not supported.")
        return SAYS.get(provider, chat)(f"Answer {next(NUMBERS)}.")

    return ScriptedServer(answer)


def measured(provider: str, logs: Path, refuses: str = "", **options: Any) -> Run:
    with server(provider, refuses) as running:
        target = model_at(provider, running)
        log = run("alpha.py@grid_2", logs, model=target, limit=2, **options)
    assert metrics(log, "sonnet")["failed"] == 0
    assert sum(running.asked.values()) == len(samples(log)) == 4
    [found] = load_runs([str(logs)]).runs
    return found


# Each row: the provider, its model, options, and the row's sampling.
SENT: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "o3-mini": ("responses", "openai/o3-mini", {}, "max_tokens 512, no seeds"),
    "gpt-5": (
        "responses",
        "openai/gpt-5",
        {"reasoning_effort": "low"},
        "max_tokens 512, reasoning effort low, no seeds",
    ),
    "claude-opus-4-7": ("anthropic", "anthropic/claude-opus-4-7", {}, "max_tokens 512, no seeds"),
    "another temperature": (
        "openai-api",
        MODELS["openai-api"],
        {"temperature": 0.5},
        "temperature 0.5, top_p 0.95, max_tokens 512",
    ),
    "gemini without seed and top_p": (
        "google",
        MODELS["google"],
        {"args": OPEN | {"omit": "seed,top_p"}},
        "temperature 1.0, max_tokens 512, no seeds",
    ),
}


@pytest.mark.parametrize(("provider", "model", "options", "sent"), SENT.values(), ids=SENT)
def test_a_row_says_what_was_sent_and_not_what_was_asked_for(
    provider: str,
    model: str,
    options: dict[str, Any],
    sent: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MODELS, provider, model)
    found = measured(provider, tmp_path, **options)
    assert (found.sampling.text, found.sampling.observed) == (sent, True)
    assert f"sampled with {sent}; the protocol has {PROTOCOL_SAMPLING.text}" in row_notes(
        found, read_rules()
    )


@pytest.mark.parametrize("omit", ["seed", "top_p", "seed,temperature"])
def test_a_target_that_refuses_a_setting_is_measured_without_it(omit: str, tmp_path: Path) -> None:
    with server("openai-api", omit) as running:
        target = model_at("openai-api", running)
        [refused] = run_all("alpha.py@grid_2", tmp_path / "all", model=target, limit=1)
    assert refused.status == "error"
    found = measured("openai-api", tmp_path / "less", omit, args=OPEN | {"omit": omit})
    sampling = found.sampling.model_dump()
    named = {"seed" if name == "seeded" else name for name, value in sampling.items() if not value}
    assert set(omit.split(",")) <= named
    assert found.sampling.text in " ".join(row_notes(found, read_rules()))


def test_runs_with_other_sampling_are_rows_of_their_own_and_equal_answers_are_noted(
    tmp_path: Path,
) -> None:
    with ScriptedServer(lambda text, body: chat("The same.")) as running:
        target = model_at("openai-api", running)
        log = run("alpha.py@grid_2", tmp_path, model=target, limit=1, epochs=20)
        told = [e.data for s in samples(log) for e in s.events if e.event == "info"]
        run("alpha.py@grid_2", tmp_path, model=target, limit=1, temperature=0.5)
    runs = {found.sampling.temperature: found for found in load_runs([str(tmp_path)]).runs}
    assert {degree: len(found.clusters) for degree, found in runs.items()} == {1.0: 20, 0.5: 2}
    assert len(told) == runs[1.0].equal == 19
    [line] = set(map(str, told))
    assert line.startswith("equals the answer of epoch")
    assert any(
        note.startswith("19 of 20 answers equal") for note in row_notes(runs[1.0], read_rules())
    )
    record = SampleRecord.of(samples(log)[0].metadata)
    assert record is not None
    assert record.completion is not None
    assert record.completion.sampling.settings == PROTOCOL_SAMPLING.settings
