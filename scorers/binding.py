"""Which model each judge is: bound before anything is spent, never the target by accident."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.model import GenerateConfig, Model, get_model, model_roles
from rich.text import Text

from protocol.errors import ProtocolError
from protocol.inspect_internals import PrerequisiteError
from protocol.judges import judge_table, today
from scorers.budget import reply_budget

PUBLISHED = "published"
# Of a role's settings Inspect keeps only `api_key` out of the log.
UNSENDABLE = re.compile(r"[^\x21-\x7e]")
SECRET = re.compile("auth|header|secret|password", re.IGNORECASE)


def parse_judges(judges: str | Sequence[str] | None) -> dict[str, str]:
    """Read `-T judges`: names, or `name=provider/model`, separated by commas.

    Args:
        judges: None takes the default judges, `published` the registered ones.

    Returns:
        Each judge's name and its model, empty where only a role can say it.

    Raises:
        ProtocolError: No judge is named, one is named twice, or an entry is malformed.
    """
    table = judge_table()
    if judges is None:
        return dict(table.default)
    if judges == PUBLISHED or judges == [PUBLISHED]:
        return dict(table.registered)
    entries = judges.split(",") if isinstance(judges, str) else [str(entry) for entry in judges]
    return {name: model or table.default.get(name, "") for name, model in named(entries).items()}


def named(entries: Sequence[str], option: str = "-T judges") -> dict[str, str]:
    """Read judges, each a name or `name=provider/model`.

    Returns:
        Each judge's name and its model, empty where none is given.

    Raises:
        ProtocolError: One is named twice, or an entry is malformed.
    """
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, model = (part.strip() for part in entry.partition("="))
        if not name.isidentifier() or (equals and "/" not in model):
            raise ProtocolError(
                f"{option}: {entry!r} is not a judge. Give a name or name=provider/model, for example "
                f"sonnet or gpt=openai/gpt-4.1; -T judges={PUBLISHED} takes the registered judges."
            )
        if name in found:
            raise ProtocolError(f"{option} names {name!r} twice. Each judge needs its own name.")
        found[name] = model
    return found


def bind_judges(judges: Mapping[str, str]) -> dict[str, Model]:
    """Bind every judge to a model; the command line's `--model-role` wins over the default.

    Args:
        judges: Each judge's name and default model.

    Raises:
        ProtocolError: A judge has no model or one that is served no longer, a role is bound that no judge
            takes, or a role holds what must not be in a log.
    """
    bound = model_roles()
    unknown = sorted(set(bound) - set(judges))
    if unknown:
        raise ProtocolError(
            f"--model-role {unknown[0]}=... is no judge of this run (judges: {', '.join(judges)}). "
            f"Add it with -T judges={','.join(judges)},{unknown[0]}=provider/model."
        )
    models: dict[str, Model] = {}
    for name, default in judges.items():
        if name in bound:
            role = bound[name]
            models[name] = without_secrets(name, role[0] if isinstance(role, list) else role)
        elif default:
            refuse_ended(name, default)
            models[name] = judge_model(name, default)
        else:
            raise ProtocolError(
                f"The judge {name!r} has no model. Give -T judges={name}=provider/model or "
                f"--model-role {name}=provider/model."
            )
        refuse_ended(name, str(models[name]))
        if models[name].config.max_tokens is None:
            reply_budget(models[name])
    return models


def refuse_ended(name: str, model: str) -> None:
    """Refuse a judge that its provider serves no longer.

    Raises:
        ProtocolError: Its last day has passed.
    """
    ends = judge_table().profile(model).ends
    if ends is not None and today() > ends:
        current = judge_table().default.get(name, "provider/model")
        raise ProtocolError(
            f"The judge {name}={model} was served until {ends} and cannot be asked any longer. Leave out "
            f"-T judges, or give --model-role {name}={current}; its α is another instrument's."
        )


def without_secrets(name: str, model: Model) -> Model:
    """Return a judge's model, unless the log would come to show a key or a header of it.

    Inspect writes a role's settings into the log, and the traceback of a client that refuses a key for
    its characters, which repeats the key.

    Raises:
        ProtocolError: Its settings hold headers or tokens, or its key cannot be sent.
    """
    if UNSENDABLE.search(model.api.api_key or ""):
        raise ProtocolError(
            f"The key of the judge {name} holds a blank, a line break or another character that no "
            "request can carry. Copy it again into the environment or into .env."
        )
    if model.config.batch:
        raise ProtocolError(
            f"--model-role {name}: batch. Judging in batches is a step of its own: run the task with "
            "--no-score, then bwalpha judge LOG --batch."
        )
    told = ["extra_headers"] if model.config.extra_headers else []
    told += [key for key in model.model_args if SECRET.search(key)]
    if told:
        raise ProtocolError(
            f"--model-role {name}: {told[0]} would be written into the log. Set keys and headers in the "
            "environment instead, for Anthropic ANTHROPIC_API_KEY and ANTHROPIC_CUSTOM_HEADERS."
        )
    return model


def judge_model(
    name: str, model: str, config: GenerateConfig | None = None, **model_args: Any
) -> Model:
    """Make a judge's model.

    Args:
        name: The judge's name and role.
        model: `provider/model`.
        config: Its own settings.
        **model_args: What the provider takes, `base_url` among it.

    Raises:
        ProtocolError: The provider is unknown, or its key or package is missing.
    """
    try:
        return without_secrets(
            name, get_model(model, role=name, config=config or GenerateConfig(), **model_args)
        )
    except ProtocolError:
        raise
    except PrerequisiteError as error:
        said = " ".join(Text.from_markup(str(error.message)).plain.removeprefix("ERROR: ").split())
        raise ProtocolError(
            f"The judge {name}={model} cannot be made: {said} Set the key in the environment or in "
            f".env, or name another judge: --model-role {name}=provider/model in a run, --judge "
            f"{name}=provider/model with bwalpha judge."
        ) from error
    except ValueError as error:
        raise ProtocolError(
            f"The judge {name}={model} cannot be made: {str(error).rstrip('.')}. Give "
            "provider/model with a provider that Inspect knows, for example openai/gpt-4.1."
        ) from error
