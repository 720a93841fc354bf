"""Which model a condition was published with, and so where its C holds."""

from typing import Literal

from protocol.conditions import Condition, Provenance, condition_rows, own_sha256
from protocol.data import read_yaml
from protocol.errors import ProtocolError

COMPATIBLE = ("openai-api", "openai-api-completions")


def is_model(target: str, model: str) -> bool:
    """Whether a target, `provider/model`, is called exactly as a model of the Hub, or as a folder.

    A Hub model's name may be whole (`Qwen/Qwen2.5-7B-Instruct`), without its owner, as servers call it, or
    the last folder of a path; a folder's only whole. `BASE:ADAPTER` is called as its adapter. It is a
    name, and no proof of the weights.
    """
    provider, _, name = target.partition("/")
    if provider in COMPATIBLE:
        name = name.partition("/")[2]
    name, model = name.rpartition(":")[2].rstrip("/").casefold(), model.casefold()
    if name == model or model.startswith("/"):
        return name == model
    if name.startswith(("/", "./", "../", "~")):
        name = name.rpartition("/")[2]
    return name == model.rpartition("/")[2]


def check_target(condition: Condition, target: str) -> None:
    """Refuse a plain base model where a condition measures a finetune.

    Raises:
        ProtocolError: The target is called as one of the two models that the finetune may be of.
    """
    bases = read_yaml("conditions.yaml")["plain_bases"]
    if condition.needs_finetune and any(is_model(target, base) for base in bases):
        raise ProtocolError(
            f"{condition.name} measures a finetune, and --model {target} is a plain base model (the "
            f"source's configuration trains {bases[0]}, another text of it says {bases[1]}; neither "
            "passes for the finetune). Give the finetune's model, or run tasks/references.py@null."
        )


def c_applies(
    condition: str, provenance: Provenance, prompt_sha256: str | None, target: str
) -> Literal["own", "original", "none"]:
    """Say whose the published C of a condition is, for a row of a prompt and a target.

    Args:
        condition: The row's condition.
        provenance: Where its prompt comes from.
        prompt_sha256: Hash of the prompt that was sent, None without one.
        target: The model under test, `provider/model`.

    Returns:
        `own`: it is this row's, the condition's own prompt on the model it was published with.
        `original`: it is that of the prompt that this row's stands for, on the same model.
        `none`: there is none to print.
    """
    row = condition_rows().get(condition)
    if row is None or row["distributional_c"] is None or provenance in ("custom", "published"):
        return "none"
    registered = row["target"] or read_yaml("conditions.yaml")["registered_target"]
    if not any(is_model(target, model) for model in registered):
        return "none"
    if row["provenance"] == "none":
        return "own" if prompt_sha256 is None else "none"
    if prompt_sha256 is None:
        return "none"
    return "own" if prompt_sha256 == own_sha256(row) else "original"
