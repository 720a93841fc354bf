"""How long a judge's reply may be: what its profile says, or what the context of an own server leaves."""

from __future__ import annotations

import os
from functools import cache

import httpx
from inspect_ai.model import Model

from protocol.errors import ProtocolError
from protocol.judges import judge_table

OWN_SERVERS = ("vllm", "sglang", "openai-api")
# Rubric, labels, question and a completion of 512 tokens, by a tokenizer that makes a quarter more of them.
ROOM = 1024


def reply_budget(model: Model) -> int:
    """Return the reply budget of a judge whose role sets none, in tokens.

    A model without a row in the table may think and gets the table's budget for those; behind a server of
    one's own no more than its context leaves beside what the judge reads.

    Raises:
        ProtocolError: The server's context leaves less than the protocol's budget.
    """
    table, name = judge_table(), str(model)
    profile = table.profile(name)
    provider, _, rest = name.partition("/")
    if profile is not table.unknown or provider not in OWN_SERVERS:
        return profile.max_tokens
    service = rest.partition("/")[0] if provider == "openai-api" else provider
    variable = f"{service.upper().replace('-', '_')}_BASE_URL"
    served = rest.partition("/")[2] if provider == "openai-api" else rest
    context = model.model_args.get("max_model_len") or context_length(
        model.api.base_url or os.environ.get(variable) or "", model.api.api_key or "", served
    )
    left = profile.max_tokens if context is None else int(context) - ROOM
    if left < table.least:
        raise ProtocolError(
            f"The judge {name} takes {context} tokens in all: {ROOM} for what it reads leave fewer than "
            f"{table.least} for its reply. Serve it with a longer context (max_model_len), or give its role "
            "a max_tokens."
        )
    return min(profile.max_tokens, left)


@cache
def context_length(address: str, key: str, model: str) -> int | None:
    """Ask a server for the context of a model that it serves; None where it does not say."""
    if not address:
        return None
    try:
        url, headers = f"{address.rstrip('/')}/models", {"Authorization": f"Bearer {key or 'none'}"}
        rows = httpx.get(url, headers=headers, timeout=3).json()["data"]
        found = {str(row["id"]): row.get("max_model_len") for row in rows}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, AttributeError):
        return None
    length = found.get(model) or found.get(model.partition(":")[0])
    return length if isinstance(length, int) else None
