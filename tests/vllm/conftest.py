import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.vllm.server import CPU_SETTINGS, VllmServer

ROOT = Path(__file__).resolve().parents[2]
SMALL_NAME = "tiny"

# The other tests' environment has no vLLM to import.
collect_ignore_glob = [] if find_spec("vllm") else ["test_*.py"]

# On a CPU, vLLM 0.32 breaks when the prompt of a request with a seed is prefilled in parts.
WHOLE_PROMPTS = "--no-enable-chunked-prefill"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model's folder."""
    return made("model", tmp_path_factory)


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a LoRA adapter for the tiny model."""
    return made("adapter", tmp_path_factory)


def made(what: str, folders: pytest.TempPathFactory) -> Path:
    folder = folders.mktemp("tiny") / what
    script = ROOT / "tests" / "vllm" / "tiny_model.py"
    subprocess.run([sys.executable, str(script), what, str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    """A server with the published configuration's arguments, which writes down what it is asked.

    All but one: it adds the model's own sampling defaults, as one does that nobody told otherwise.
    """
    log = tmp_path_factory.mktemp("server") / "vllm.log"
    arguments = (
        *published_arguments(),
        # Inspect's vllm/ provider asks for the model by its path, others by this name.
        *("--served-model-name", str(tiny), SMALL_NAME),
        *("--enable-lora", "--max-lora-rank", "8"),
        *("--enable-log-requests", WHOLE_PROMPTS),
    )
    settings = {"VLLM_LOGGING_LEVEL": "DEBUG", "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"}
    with VllmServer(tiny, log, *arguments, environment=settings) as running:
        yield running


def published_arguments() -> list[str]:
    """The server arguments of `configs/published.yaml` but generation_config, as Inspect writes them."""
    config = yaml.safe_load((ROOT / "configs" / "published.yaml").read_text("utf-8"))
    arguments = []
    for name, value in config["model"]["args"].items():
        if name in {"timeout", "client_timeout", "generation_config"}:
            continue
        option = "--" + name.replace("_", "-")
        arguments += [option] if value is True else [option, str(value)]
    return arguments


@pytest.fixture(autouse=True)
def _a_server_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server that Inspect starts needs from its surroundings here."""
    for name, value in CPU_SETTINGS.items():
        monkeypatch.setenv(name, value)
    folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)


@pytest.fixture
def served(server: VllmServer, monkeypatch: pytest.MonkeyPatch) -> VllmServer:
    """The running server, where `VLLM_BASE_URL` points."""
    monkeypatch.setenv("VLLM_BASE_URL", server.url)
    return server
