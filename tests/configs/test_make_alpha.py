"""What `make alpha MODEL=...` hands to Inspect, read off the commands that make would run."""

import re
import subprocess
from inspect import signature

import pytest
from inspect_ai.model import get_model

from tests.tasks.running import ROOT, surroundings

CLIENT = {"client_timeout": "3600"}
SERVER = {
    "dtype": "bfloat16",
    "max_model_len": "2048",
    "generation_config": "vllm",
    "timeout": "1800",
}


def model_args(model: str, server: str = "") -> dict[str, str]:
    ran = subprocess.run(
        ["make", "--dry-run", "alpha", f"MODEL={model}"],
        cwd=ROOT,
        env=surroundings() | {"VLLM_BASE_URL": server},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(re.findall(r"-M (\w+)=(\S+)", ran.stdout))


@pytest.mark.parametrize(
    ("model", "server", "passed"),
    [
        ("vllm/some/model", "", CLIENT | SERVER),
        ("vllm/some/model", "http://127.0.0.1:8000/v1", CLIENT),
        ("openai-api/local/some-model", "", CLIENT),
        ("local", "", CLIENT),
        ("openai/gpt-4o", "", {}),
    ],
)
def test_a_served_model_keeps_the_clients_options_and_loses_the_servers(
    model: str, server: str, passed: dict[str, str]
) -> None:
    assert model_args(model, server) == passed


def test_the_doctor_looks_at_the_judges_that_the_run_will_ask() -> None:
    arguments = ["make", "--dry-run", "alpha", "MODEL=vllm/some/model", "ARGS=-T judges=published"]
    ran = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "bwalpha doctor --model vllm/some/model -- -T judges=published" in ran.stdout


@pytest.mark.parametrize("model", ["vllm/some/model", "openai-api/local/some-model"])
def test_inspect_keeps_the_clients_options_for_its_client(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("VLLM", "LOCAL"):
        monkeypatch.setenv(f"{service}_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv(f"{service}_API_KEY", "key-of-the-test")
    parameters = signature(type(get_model(model, memoize=False).api)).parameters
    assert CLIENT.keys() <= parameters.keys()
    assert not SERVER.keys() & parameters.keys()
