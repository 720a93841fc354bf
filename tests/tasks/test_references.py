import hashlib
from pathlib import Path

import pytest
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model

from protocol.data import read_yaml
from tests.tasks.running import run, samples, system_messages

PINS = read_yaml("sources.yaml")["files"]


def named(name: str) -> Model:
    """A model that is called what a test needs it to be called."""
    output = ModelOutput.from_content(name, "An answer.")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return get_model(f"mockllm/{name}", memoize=False, custom_outputs=[output] * 10)


@pytest.mark.parametrize("name", ["null", "c6_em"])
def test_a_reference_without_a_prompt_sends_no_system_message(name: str, tmp_path: Path) -> None:
    log = run(f"references.py@{name}", tmp_path)
    meta = log.eval.metadata or {}
    assert not [text for sample in samples(log) for text in system_messages(sample)]
    assert (meta["condition"], meta["provenance"], meta["prompt_sha256"]) == (name, "none", None)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("null", "Qwen/Qwen2.5-7B-Instruct"),
        ("c6_em", "me/qwen2.5-7b-instruct-em"),
        ("pair_111", "Qwen/Qwen2.5-7B-Instruct"),
    ],
)
def test_the_other_conditions_take_the_base_model_and_c6_em_a_finetune(
    name: str, model: str, tmp_path: Path
) -> None:
    file = "alpha.py" if name == "pair_111" else "references.py"
    log = run(f"{file}@{name}", tmp_path, model=named(model), epochs=1, limit=1)
    assert log.eval.model == f"mockllm/{model}"
    assert (log.eval.metadata or {})["simulated"] is True


@pytest.mark.usefixtures("real_sources")
@pytest.mark.parametrize("name", ["pair_98", "evoprompt_98"])
def test_a_published_prompt_is_sent_as_it_was_pinned(name: str, tmp_path: Path) -> None:
    log = run(f"references.py@{name}", tmp_path, epochs=1)
    for sample in samples(log):
        [text] = system_messages(sample)
        assert hashlib.sha256(text.encode()).hexdigest() == PINS[name]["sha256"]
    meta = log.eval.metadata or {}
    assert (meta["provenance"], meta["prompt_sha256"]) == ("fetched", PINS[name]["sha256"])
