"""What a vLLM server wrote down about the requests it got."""

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

PROMPT = re.compile(
    r"Request (?P<id>\S+) details: prompt: (?P<prompt>.*?), prompt_token_ids: (?P<tokens>\[.*?\]|None), "
)
PARAMETERS = re.compile(
    r"Received request (?P<id>\S+): params: SamplingParams\((?P<params>.*?)\), "
    r"lora_request: (?P<lora>.*)\.$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class ServedRequest:
    """One request as the engine got it, after chat template and defaults.

    Attributes:
        tokens: The prompt's token ids.
        sampling: The engine's sampling parameters by name.
        lora: How the server names the adapter, `None` without one.
    """

    tokens: list[int]
    sampling: dict[str, Any]
    lora: str


def served_requests(log: str) -> list[ServedRequest]:
    """Read the requests from a server's log, in order of arrival.

    Args:
        log: Of a server with --enable-log-requests and VLLM_LOGGING_LEVEL=DEBUG.
    """
    tokens = {
        match["id"]: [int(token) for token in json.loads(match["tokens"])]
        for match in PROMPT.finditer(log)
        if match["tokens"] != "None"
    }
    return [
        ServedRequest(tokens[match["id"]], parameters(match["params"]), match["lora"])
        for match in PARAMETERS.finditer(log)
    ]


def parameters(text: str) -> dict[str, Any]:
    """Read the inside of `SamplingParams(...)`, whose values are literals."""
    call = ast.parse(f"f({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
