"""What the user says of files beyond what they say themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.eps.original import Detailed
from exchange.eps.records import NAME, Record
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.rubrics import Rubric, load_rubric

ASKABLE = ("simulated/", "mockllm/", "none/")


@dataclass(frozen=True)
class Choices:
    """What the user said beyond the files; None leaves it to the files.

    Attributes:
        condition: The condition of all files.
        judges: `NAME` or `NAME=MODEL`.
        seed: The base seed, 42 as published.
        target: The model that wrote the completions.
        panel: The panel, as for `-T panel`.
        rubric: The rubric, as for `-T rubric`.
    """

    condition: str | None = None
    judges: tuple[str, ...] = ()
    seed: int | None = None
    target: str | None = None
    panel: str | None = None
    rubric: str | None = None


def check_choices(choices: Choices, record: Record) -> None:
    """Refuse options that say otherwise than the record beside the files.

    Raises:
        ProtocolError: One does.
    """
    said = {
        "condition": record.metadata.condition,
        "seed": record.metadata.base_seed,
        "target": record.target,
        "panel": record.metadata.panel,
        "rubric": record.metadata.rubric,
    }
    for option, value in said.items():
        given = getattr(choices, option)
        if given is not None and given != value:
            raise ProtocolError(
                f"--{option} {given}: {NAME} beside the files says {value}. Leave the option out, or "
                f"remove {NAME} to import them as files of unknown origin."
            )


def read_target(files: Sequence[Detailed], record: Record | None, choices: Choices) -> str:
    """Return the model that wrote the completions, in a form that Inspect can make a model of.

    Raises:
        ProtocolError: The files name none, or different ones.
    """
    if record is not None:
        return record.target
    said = {file.model_path for file in files if file.model_path is not None}
    if len(said) > 1:
        raise ProtocolError(f"The files name different targets: {', '.join(sorted(said))}.")
    path = choices.target or (said.pop() if said else None)
    if path is None:
        raise ProtocolError(
            f"{files[0].path} was judged again and does not say its target. Import it together with the "
            "file it was made from, or give --target MODEL."
        )
    return target_model(path)


def target_model(path: str) -> str:
    """Return a target as Inspect can make a model of.

    It reads what stands before the first slash as a provider; `none` is the one that answers nothing,
    for a model that cannot be asked from here.
    """
    return path if path.startswith(ASKABLE) else f"none/{path}"


def prompt_file(files: Sequence[Detailed]) -> Detailed:
    """Return the file that speaks for the prompt; all must say the same.

    Raises:
        ProtocolError: They differ.
    """
    saying = [file for file in files if "system_prompt" in file.summary] or list(files)
    for file in saying[1:]:
        if file.summary.get("system_prompt") != saying[0].summary.get("system_prompt"):
            raise ProtocolError(
                f"{saying[0].path} and {file.path} name different system prompts for the same completions."
            )
    return saying[0]


def read_rubric(given: str | None, panel: str) -> Rubric:
    """Return the judges' rubric: the source's on the source's panel, elsewhere what the user says.

    Raises:
        ProtocolError: It is not known.
    """
    if given is None and panel != "bw52":
        raise ProtocolError(
            f"The original scripts do not use the panel {panel}, so the judges' rubric is not known. Give "
            "--rubric eps, --rubric open, or a path."
        )
    if given in (None, "eps"):
        # The text is the source's and is not needed here; its hash is pinned.
        return Rubric(name="eps", text="", sha256=read_yaml("sources.yaml")["rubric_text_sha256"])
    return load_rubric(str(given))
