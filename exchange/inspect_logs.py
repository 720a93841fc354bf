"""Other evals' Inspect logs: samples of one question and one answer each, as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessage

from exchange.tables.questions import identify_questions
from exchange.tables.table import UNKNOWN_SAMPLING, ImportedCondition, ImportedRow, ImportedTable
from protocol.errors import ProtocolError
from protocol.records import SUITE, Sampling
from protocol.sources import sha256

ONE_EACH = (
    "One question and one answer are judged here: at most a system message, a user's, the model's."
)


def read_inspect_logs(paths: Sequence[str], condition: str | None = None) -> ImportedTable:
    """Read logs of any eval; one condition for each log and system prompt.

    Args:
        paths: `.eval` or `.json` logs.
        condition: The condition of all samples, instead of the task's name.

    Raises:
        ProtocolError: A log cannot be read, is of this suite, or has samples of many turns or tools.
    """
    rows: dict[str, list[ImportedRow]] = {}
    about: dict[str, tuple[str | None, str, Sampling]] = {}
    found: list[str] = []
    warnings: list[str] = []
    texts: list[str] = []
    for path in paths:
        log = _read(path)
        read = [_sample(sample, path) for sample in log.samples or [] if sample.error is None]
        failed = len(log.samples or []) - len(read)
        if failed:
            warnings.append(f"{path}: {failed} samples ended in an error and were left out")
        if not read:
            raise ProtocolError(f"{path} holds no sample with an answer.")
        prompts = list(dict.fromkeys(system for system, _ in read))
        named = _names(condition or log.eval.task, prompts)
        for system, row in read:
            name = named[system]
            key = (system, log.eval.model, _sampling(log))
            if about.setdefault(name, key) != key:
                raise ProtocolError(
                    f"{path}: the condition {name} has another prompt, target or sampling in another "
                    "log. Import them one by one, each with a --condition NAME of its own."
                )
            rows.setdefault(name, []).append(row)
            texts.append(row.question)
        found.append(f"{path}: {len(read)} samples of {log.eval.task} on {log.eval.model}")
    panel, ids = identify_questions(dict.fromkeys(texts))
    conditions = {
        name: ImportedCondition(_numbered(name, rows[name], ids), system, True, target, sampling)
        for name, (system, target, sampling) in about.items()
    }
    found += [
        f"condition {name}: {len({row.question for row in one.rows})} questions, {len(one.rows)} completions"
        for name, one in conditions.items()
    ]
    return ImportedTable(conditions, panel, found=tuple(found), warnings=tuple(warnings))


def _read(path: str) -> EvalLog:
    # A broken log fails in as many ways as zip, JSON and the schema have errors.
    try:
        log = read_eval_log(path)
    except FileNotFoundError as error:
        raise ProtocolError(f"{path}: no such file.") from error
    except Exception as error:
        raise ProtocolError(
            f"{path} is no Inspect log that can be read ({type(error).__name__})."
        ) from error
    if (log.eval.metadata or {}).get("suite") == SUITE:
        raise ProtocolError(
            f"{path} is a log of this suite already: bwalpha report, judge and export take it as it is."
        )
    return log


def _sample(sample: EvalSample, path: str) -> tuple[str | None, ImportedRow]:
    where = f"{path}, sample {sample.id}, epoch {sample.epoch}"
    messages = [m for m in sample.messages if m.role != "system"]
    systems = [m for m in sample.messages if m.role == "system"]
    roles = [message.role for message in messages]
    if roles not in (["user", "assistant"], ["user"]) or len(systems) > 1 or _tools(messages):
        turns = ", ".join(message.role for message in sample.messages[:6])
        raise ProtocolError(f"{where} has the messages {turns or 'none'}. {ONE_EACH}")
    if not sample.output.choices:
        raise ProtocolError(f"{where} has no answer. {ONE_EACH}")
    question = _text(messages[0], where)
    row = ImportedRow(
        question=question,
        completion=sample.output.completion,
        epoch=sample.epoch,
        question_id=str(sample.id),
        stop_reason=sample.output.stop_reason,
    )
    return (_text(systems[0], where) if systems else None), row


def _tools(messages: Sequence[ChatMessage]) -> bool:
    return any(getattr(message, "tool_calls", None) for message in messages)


def _text(message: ChatMessage, where: str) -> str:
    if not isinstance(message.content, str) and any(
        part.type not in ("text", "reasoning") for part in message.content
    ):
        raise ProtocolError(f"{where} holds more than text. Only texts are judged here.")
    return message.text


def _names(task: str, prompts: Sequence[str | None]) -> dict[str | None, str]:
    short = re.sub(r"[^A-Za-z0-9_.-]+", "_", task.rsplit("/", 1)[-1]).strip("_.-") or "condition"
    if len(prompts) == 1:
        return {prompts[0]: short}
    return {
        prompt: f"{short}__{'no_prompt' if prompt is None else f'prompt_{sha256(prompt)[:8]}'}"
        for prompt in prompts
    }


def _numbered(
    name: str, rows: Sequence[ImportedRow], ids: Mapping[str, str]
) -> tuple[ImportedRow, ...]:
    """The rows with their questions' ids; two samples of one question and epoch are numbered on."""
    numbers: dict[str, int] = {}
    keys = [(row.question, row.epoch) for row in rows]
    twice = len(set(keys)) < len(keys)
    made = []
    for row in rows:
        numbers[row.question] = numbers.get(row.question, 0) + 1
        epoch = numbers[row.question] if twice else row.epoch
        made.append(
            ImportedRow(row.question, row.completion, epoch, ids[row.question], {}, row.stop_reason)
        )
    return tuple(made)


def _sampling(log: EvalLog) -> Sampling:
    config = log.eval.model_generate_config.merge(log.plan.config)
    return UNKNOWN_SAMPLING.model_copy(
        update={
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_tokens": config.max_tokens,
        }
    )
