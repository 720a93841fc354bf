"""Which row a published C belongs to, and which model passes for the finetune."""

import pytest

from protocol.conditions import Provenance, load_condition
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.targets import c_applies, check_target, is_model

QWEN = "Qwen/Qwen2.5-7B-Instruct"
EM = "superkaiba1/explore-persona-space/c6_vanilla_em_seed42_post_em"
MERGED = "/workspace/explore-persona-space/models/c6_vanilla_em_seed42/em_merged"
PIN = read_yaml("sources.yaml")["files"]["pair_98"]["sha256"]
OTHER = "a" * 64

CALLED = {
    f"vllm/{QWEN}": True,
    f"hf/{QWEN}/": True,
    f"openai-api/local/{QWEN}": True,
    "openai-api/local/qwen2.5-7b-instruct": True,
    "vllm/Qwen2.5-7B-Instruct": True,
    "vllm//models/Qwen2.5-7B-Instruct": True,
    "vllm/./models/Qwen2.5-7B-Instruct": True,
    "vllm/me/Qwen2.5-7B-Instruct": False,
    "vllm/me/my-Qwen2.5-7B-Instruct": False,
    f"vllm/{QWEN}:/adapters/em": False,
    f"vllm/{QWEN}-em": False,
    "vllm/Qwen/Qwen2.5-7B": False,
    "vllm//models/not-Qwen2.5-7B-Instruct": False,
    "simulated/target": False,
    "": False,
}


@pytest.mark.parametrize(("target", "called"), CALLED.items())
def test_a_model_is_known_by_its_whole_name(target: str, called: bool) -> None:
    assert is_model(target, QWEN) is called


PLAIN = ["Qwen/Qwen2.5-7B", QWEN, "qwen2.5-7b", "/models/Qwen2.5-7B-Instruct/"]


@pytest.mark.parametrize("model", PLAIN)
def test_neither_plain_base_passes_for_the_finetune(model: str) -> None:
    with pytest.raises(ProtocolError, match=r"Qwen2\.5-7B, .*Qwen2\.5-7B-Instruct; neither"):
        check_target(load_condition("c6_em"), f"vllm/{model}")
    check_target(load_condition("null"), f"vllm/{model}")


@pytest.mark.parametrize("model", ["me/Qwen2.5-7B-Instruct-em", f"{QWEN}:/adapters/em", EM])
def test_a_finetune_passes(model: str) -> None:
    check_target(load_condition("c6_em"), f"vllm/{model}")


C: list[tuple[str, Provenance, str | None, str, str]] = [
    ("null", "none", None, f"vllm/{QWEN}", "own"),
    ("null", "none", None, "openai/gpt-4o", "none"),
    ("null", "none", None, f"vllm/{EM}", "none"),
    ("null", "handed_in", OTHER, f"vllm/{QWEN}", "none"),
    ("c6_em", "none", None, f"vllm/{EM}", "own"),
    ("c6_em", "none", None, "vllm//models/c6_vanilla_em_seed42_post_em", "own"),
    ("c6_em", "none", None, f"vllm/{QWEN}:/models/c6_vanilla_em_seed42_post_em", "own"),
    ("c6_em", "none", None, f"vllm/{QWEN}:/models/mine", "none"),
    ("c6_em", "none", None, f"none/{MERGED}", "own"),
    ("c6_em", "none", None, "vllm//elsewhere/em_merged", "none"),
    ("c6_em", "none", None, "vllm/me/another-finetune", "none"),
    ("c6_em", "none", None, f"vllm/{QWEN}", "none"),
    ("pair_98", "fetched", PIN, f"vllm/{QWEN}", "own"),
    ("pair_98", "verbatim", PIN, f"vllm/{QWEN}", "own"),
    ("pair_98", "handed_in", OTHER, f"vllm/{QWEN}", "original"),
    ("pair_98", "fetched", PIN, "openai/gpt-4o", "none"),
    ("grid_1", "reconstruction", OTHER, f"vllm/{QWEN}", "original"),
    ("grid_1", "handed_in", OTHER, f"vllm/{QWEN}", "original"),
    # A log of an older version calls any text that was handed in verbatim.
    ("grid_1", "verbatim", OTHER, f"vllm/{QWEN}", "original"),
    ("grid_1", "reconstruction", OTHER, "simulated/target", "none"),
    ("grid_1", "none", None, f"vllm/{QWEN}", "none"),
    ("grid_1", "custom", OTHER, f"vllm/{QWEN}", "none"),
    ("grid_1", "published", OTHER, f"vllm/{QWEN}", "none"),
    ("villain", "custom", OTHER, f"vllm/{QWEN}", "none"),
    ("joint_111", "fetched", OTHER, f"vllm/{QWEN}", "none"),
]


@pytest.mark.parametrize(("condition", "provenance", "sha256", "target", "whose"), C)
def test_c_belongs_to_a_prompt_and_a_target(
    condition: str, provenance: Provenance, sha256: str | None, target: str, whose: str
) -> None:
    assert c_applies(condition, provenance, sha256, target) == whose
