"""A scripted server in the place of any provider, and the panel's questions as rows of a table."""

import zipfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import GenerateConfig, Model, get_model

from protocol.panels import load_panel
from tests.support.scripted_server import Http, ScriptedServer

MODELS = {
    "vllm": "vllm/served",
    "openai-api": "openai-api/shop/served",
    "openai": "openai/gpt-4o",
    "responses": "openai/gpt-5",
    "anthropic": "anthropic/served",
    "google": "google/served",
}
KEY = "key-of-the-test"


class Rows:
    """Rows of a table, each asked as one question of the open panel.

    Attributes:
        row_of: The row's name by the question's id.
        said: What the server answers, by the question.
    """

    def __init__(self, rows: Mapping[str, tuple[Http, Any]]) -> None:
        questions = load_panel("open52").questions[: len(rows)]
        assert len(questions) == len(rows)
        self.row_of = {q.id: name for q, name in zip(questions, rows, strict=True)}
        self.said = {q.input: rows[self.row_of[q.id]][0] for q in questions}
        self.name_of = {q.input: self.row_of[q.id] for q in questions}

    def server(self) -> ScriptedServer:
        """A server for the target and for any judge, whose message holds the question's line."""
        return ScriptedServer(lambda text, body: self.said[question_of(text)])


def question_of(text: str) -> str:
    """The panel's question in what a target or a judge is asked."""
    return text.split("\n")[1] if text.startswith("Question asked") else text


def model_at(provider: str, server: ScriptedServer, key: str = KEY, **config: Any) -> Model:
    """A provider's model, served locally."""
    if provider == "google" and find_spec("google.genai") is None:
        pytest.skip("google-genai is not installed")
    client: dict[str, Any] = {} if provider == "google" else {"max_retries": 0}
    url = server.url if provider in ("anthropic", "google") else f"{server.url}/v1"
    # Inspect keeps one client for all vLLM models of a name, also when its server is gone.
    own = f"vllm/at-{server.url.rpartition(':')[2]}" if provider == "vllm" else MODELS[provider]
    return get_model(
        own,
        memoize=False,
        base_url=url,
        api_key=key,
        config=GenerateConfig(**{"max_retries": 0, **config}),
        **client,
    )


def assert_no_key(folder: Path, keys: Iterable[str]) -> None:
    """No file of a log folder, zip members included, holds a key or the greater part of it."""
    parts = [key[: len(key) * 2 // 3].encode() for key in keys]
    found = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as members:
                contents = {name: members.read(name) for name in members.namelist()}
        else:
            contents = {"": file.read_bytes()}
        assert any(contents.values())
        found += [(file.name, n) for n, c in contents.items() if any(part in c for part in parts)]
    assert not found
