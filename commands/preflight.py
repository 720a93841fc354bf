"""What a model needs before it can be asked: a key, a server, a GPU. Nothing is generated."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Literal, NamedTuple

import httpx

from commands.costs import PriceTable
from protocol.judges import judge_table, today

State = Literal["ok", "note", "missing"]

# Any one of a provider's variables is enough.
KEYS: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "cloudflare": ("CLOUDFLARE_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "grok": ("XAI_API_KEY", "GROK_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "hf-inference-providers": ("HF_TOKEN",),
    "mistral": ("MISTRAL_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITY_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
}
CLOUDS = {"azure", "bedrock", "vertex"}


class Check(NamedTuple):
    """One thing that was looked at; `text` of a missing one says what to do."""

    subject: str
    state: State
    text: str


def model_checks(subject: str, model: str, prices: PriceTable) -> Iterator[Check]:
    """Look at what one model needs.

    Args:
        subject: What the model is in this run, for the table.
        model: ``provider/model``, empty where none was given.
        prices: Which providers run on own hardware.
    """
    provider, slash, rest = model.partition("/")
    service = rest.partition("/")[0]
    if not model:
        text = "No target. Give --model, for example --model vllm/Qwen/Qwen2.5-7B-Instruct."
        yield Check(subject, "missing", text)
    elif not slash or not rest:
        text = f"{model} is not a model. Give provider/model, for example openai/gpt-4o."
        yield Check(subject, "missing", text)
    elif provider == "simulated":
        yield Check(subject, "note", f"{model}: SIMULATED, needs nothing and measures nothing")
    elif provider == "vllm":
        yield from _vllm_checks(subject, rest)
    elif provider == "openai-api":
        prefix = service.upper().replace("-", "_")
        yield _variable_check(subject, model, (f"{prefix}_API_KEY",))
        yield _variable_check(subject, model, (f"{prefix}_BASE_URL",))
    elif service in CLOUDS or provider not in {*KEYS, *prices.free_providers}:
        yield Check(subject, "note", f"{model}: what this provider needs is not checked here")
    elif provider in KEYS:
        yield _variable_check(subject, model, KEYS[provider])
    else:
        yield Check(subject, "ok", f"{model}: needs no key")
    ends = judge_table().profile(model).ends if model else None
    if ends is not None and today() > ends:
        text = (
            f"{model} was served until {ends} and cannot be asked any longer. Name another model."
        )
        yield Check(subject, "missing", text)
    elif ends is not None:
        yield Check(subject, "note", f"{model}: its provider names {ends} as its last day")


def _variable_check(subject: str, model: str, names: tuple[str, ...]) -> Check:
    present = [name for name in names if os.environ.get(name, "").strip()]
    if present:
        return Check(subject, "ok", f"{model}: {present[0]} is set")
    text = (
        f"{names[0]} is not set; {model.partition('/')[0]} needs it. Put it in .env or export it."
    )
    return Check(subject, "missing", text)


def _vllm_checks(subject: str, model: str) -> Iterator[Check]:
    base = os.environ.get("VLLM_BASE_URL", "").strip()
    if base:
        yield _server_check(subject, model, base)
        return
    if shutil.which("vllm"):
        yield Check(subject, "ok", "the vllm command is there")
    else:
        text = (
            "The vllm command is not on PATH. Install it with pip install -e '.[vllm]', "
            "or set VLLM_BASE_URL to a server that runs."
        )
        yield Check(subject, "missing", text)
    gpus = _gpus()
    if gpus:
        yield Check(subject, "ok", f"{len(gpus)} GPU: {gpus[0]}")
    else:
        text = (
            "No GPU is visible to nvidia-smi. Run where there is one, "
            "or set VLLM_BASE_URL to a server that runs."
        )
        yield Check(subject, "missing", text)


def _server_check(subject: str, model: str, base: str) -> Check:
    # Inspect sends this stand-in too when no key is set.
    key = os.environ.get("VLLM_API_KEY", "inspectai")
    try:
        url = f"{base.rstrip('/')}/models"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=3)
        answer.raise_for_status()
        served = [str(row["id"]) for row in answer.json()["data"]]
    except httpx.HTTPStatusError as error:
        why = f"answers {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = f"is not to be reached ({type(error).__name__})"
    except (ValueError, TypeError, KeyError):
        why = "does not answer as a vLLM server"
    else:
        if model in served or model.partition(":")[0] in served:
            return Check(subject, "ok", f"the server at VLLM_BASE_URL serves {model}")
        text = f"the server at VLLM_BASE_URL lists {', '.join(served) or 'no model'}, not {model}"
        return Check(subject, "note", text)
    # An address may carry a password before its @.
    shown = base.rpartition("@")[2]
    text = f"VLLM_BASE_URL={shown} {why}. Start the server, check address and VLLM_API_KEY, or unset it."
    return Check(subject, "missing", text)


def _gpus() -> list[str]:
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]
