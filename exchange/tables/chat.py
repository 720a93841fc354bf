"""Chat messages and rendered chat templates: one question and one answer, or one clear line."""

import json
import re
from dataclasses import dataclass
from typing import Any

from exchange.strict_json import shortened
from protocol.errors import ProtocolError

ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model"), "assistant"),
}
# Qwen's and Llama 3's turns as vLLM's `prompt` holds them; an open last turn has no end mark.
TEMPLATES = (
    re.compile(r"<\|im_start\|>(\w+)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL),
    re.compile(
        r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
    ),
)
STARTS = ("<|begin_of_text|>", "<|endoftext|>", "<s>", "<bos>")
UNREAD = ("[INST]", "<start_of_turn>", "<|user|>", "<|im_start|>", "<|start_header_id|>")


@dataclass(frozen=True)
class Chat:
    """What was sent and, where the messages hold it, what came back."""

    question: str
    system: str | None = None
    completion: str | None = None


def read_messages(value: Any, where: str) -> Chat:
    """Read OpenAI's messages, or ShareGPT's, as a list or as JSON text of one.

    Raises:
        ProtocolError: They are not at most one system, one user and at most one assistant turn, in
            that order, each a text.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ProtocolError(f"{where}: the messages are not JSON ({error}).") from error
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise ProtocolError(
            f"{where}: the messages are not a list of objects with role and content."
        )
    turns = []
    for turn in value:
        said = turn.get("role", turn.get("from"))
        role = ROLES.get(said) if isinstance(said, str) else None
        if role is None:
            raise ProtocolError(
                f"{where}: a message of the role {shortened(str(said))}. Only system, user and "
                "assistant are read."
            )
        turns.append((role, _content(turn.get("content", turn.get("value")), where)))
    return _chat(turns, where)


def read_rendered(text: str, where: str) -> Chat | None:
    """Read a prompt that a chat template rendered; None for a text without any template's marks.

    Raises:
        ProtocolError: The template is not known, or there is more than one question.
    """
    body = text
    for start in STARTS:
        body = body.removeprefix(start)
    if not body.startswith(UNREAD):
        return None
    for template in TEMPLATES:
        turns = [match.groups() for match in template.finditer(body)]
        if turns and not template.sub("", body).strip():
            roles = [(ROLES.get(str(role), str(role)), str(content)) for role, content in turns]
            if roles[-1] == ("assistant", ""):
                roles.pop()
            return _chat(roles, where)
    raise ProtocolError(
        f"{where}: the prompt is rendered by a chat template that is not read here (it starts "
        f"{shortened(body[:20])}). Give a column with the bare question with --question COLUMN."
    )


def _chat(turns: list[tuple[str, str]], where: str) -> Chat:
    roles = [role for role, _ in turns]
    if roles.count("user") > 1:
        raise ProtocolError(
            f"{where}: {roles.count('user')} user turns. One question and one answer are judged here; "
            "a dialogue is not read."
        )
    if roles not in (
        ["user"],
        ["system", "user"],
        ["user", "assistant"],
        ["system", "user", "assistant"],
    ):
        raise ProtocolError(
            f"{where}: the turns {', '.join(roles) or 'are none'}. Read are system (or none), user, "
            "assistant (or none)."
        )
    said = dict(turns)
    return Chat(said["user"], said.get("system"), said.get("assistant"))


def _content(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else [None]
    if len(parts) == 1 and isinstance(parts[0], dict) and isinstance(parts[0].get("text"), str):
        return str(parts[0]["text"])
    raise ProtocolError(f"{where}: a message's content is not one text.")
