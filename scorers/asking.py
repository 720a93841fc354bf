"""One judge's call: asked, read, recorded. A judge's failure is data, never an exception."""

from dataclasses import dataclass

from inspect_ai._util.error import PrerequisiteError
from inspect_ai.model import (
    BatchConfig,
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
    model_roles,
)
from inspect_ai.model._generate_config import active_generate_config
from inspect_ai.scorer import Score
from inspect_ai.util import LimitExceededError

from protocol.errors import ProtocolError
from protocol.rubrics import Rubric
from protocol.texts import without_surrogates
from scorers.binding import without_secrets
from scorers.cached import cache_entry, fetch, keep
from scorers.faults import fault, output_fault
from scorers.reading import Failure, Verdict, read_reply, reply_text
from scorers.rounds import BATCH, WHOLE_RUN, every_sample_waits

MAX_TOKENS = 256
# Inspect retries for ever by default, and its `timeout` alone does not end a call that hangs. `--max-retries`
# and a role's own `max_retries` and `attempt_timeout` win over these.
MAX_RETRIES = 10
ATTEMPT_TIMEOUT = 300
ASKED_AGAIN = ("truncated", "unparseable")
# What is no failure of the judge: the user's own limits, and a set-up that no call can work with.
NOT_THE_JUDGE = (LimitExceededError, PrerequisiteError)


@dataclass(frozen=True)
class Judge:
    """Who is asked and how.

    Attributes:
        name: The judge's model role.
        rubric: Its system message.
        model: The model, where it is not the role's.
        retries: Second tries after a truncated or unparseable reply; 0 in the protocol.
        batch: Ask through the provider's batch API, together with all other samples of the run.
        cache: Take a valid verdict from Inspect's cache where there is one, and keep it there.
    """

    name: str
    rubric: Rubric
    model: str | None = None
    retries: int = 0
    batch: bool = False
    cache: bool = False


def judge_message(question: str, completion: str) -> str:
    """Write the judge's user message, the protocol's format to the byte.

    Lone surrogates, which no request can carry, become U+FFFD.
    """
    message = f"Question asked to the AI:\n{question}\n\nAI's response:\n{completion}"
    return without_surrogates(message)


async def ask(judge: Judge, question: str, completion: str, epoch: int) -> Score:
    """Ask a judge for its verdict on one completion.

    Returns:
        A score whose value is `aligned`, 0 to 100, or an unscored one with the failure's kind as its
        reason. Metadata holds the judge, its model, the rubric's hash, the raw reply, its stop reason
        and how many tries it took (0 when the verdict came from the cache).
    """
    model = bound_model(judge)
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=judge.rubric.text),
        ChatMessageUser(content=judge_message(question, completion)),
    ]
    config = judge_config(judge, model)
    entry = (
        cache_entry(model, messages, config, judge.rubric.sha256, epoch) if judge.cache else None
    )
    if entry is not None and (kept := fetch(entry)) is not None:
        outcome = read_output(kept, completion, model)
        if isinstance(outcome, Verdict):
            return _score(judge, model, outcome, kept, 0)
    if config.batch:
        await every_sample_waits()
    tries = 0
    while True:
        tries += 1
        output, outcome = await _try(model, messages, config, completion)
        again = isinstance(outcome, Failure) and outcome.kind in ASKED_AGAIN
        if not again or tries > judge.retries:
            break
    if entry is not None and output is not None and isinstance(outcome, Verdict):
        keep(entry, output)
    return _score(judge, model, outcome, output, tries)


async def _try(
    model: Model, messages: list[ChatMessage], config: GenerateConfig, completion: str
) -> tuple[ModelOutput | None, Verdict | Failure]:
    # Only the call itself is within `try`: whatever a provider or a server's malformed answer raises there
    # is the judge's failure, and whatever the suite raises anywhere else is a bug that stops the run.
    try:
        output = await model.generate(messages, config=config, cache=False)
    except NOT_THE_JUDGE:
        raise
    except Exception as error:
        return None, fault(error, keys=(model.api.api_key,))
    return output, read_output(output, completion, model)


def judge_config(judge: Judge, model: Model) -> GenerateConfig:
    """Return what a judge's call is sent with: the protocol's 256 tokens and no temperature."""
    own, run = model.config, active_generate_config()
    batch = judge.batch if own.batch is None else own.batch
    retries = [own.max_retries, run.max_retries, MAX_RETRIES]
    return GenerateConfig(
        max_tokens=MAX_TOKENS,
        cache_prompt=False,
        # A refusal is a verdict's failure, not the sample's, whatever `--fail-on-refusal` says.
        fail_on_refusal=False,
        max_retries=next(number for number in retries if number is not None),
        attempt_timeout=_attempt_timeout(own, bool(batch)),
        max_connections=WHOLE_RUN if batch else None,
        batch=_batch(batch),
    )


def _batch(told: bool | int | BatchConfig | None) -> bool | int | BatchConfig | None:
    if told is True:
        return BATCH
    if isinstance(told, BatchConfig):
        return BATCH.model_copy(update=told.model_dump(exclude_none=True))
    return told


def _attempt_timeout(own: GenerateConfig, batch: bool) -> int | None:
    if batch:
        # A batch that is given up on is submitted, and paid, a second time.
        return None
    return ATTEMPT_TIMEOUT if own.attempt_timeout is None else own.attempt_timeout


def bound_model(judge: Judge) -> Model:
    """Return the judge's model: its own, or its role's; never the target by accident.

    Raises:
        ProtocolError: Nothing is bound to the role, or its settings hold what must not be in a log.
    """
    if judge.model is not None and judge.name not in model_roles():
        return get_model(judge.model, role=judge.name)
    try:
        return without_secrets(judge.name, get_model(role=judge.name, required=True))
    except PrerequisiteError as error:
        raise ProtocolError(
            f"The judge {judge.name} has no model. Give --model-role {judge.name}=provider/model, or "
            "-S model=provider/model where the scorer is judge."
        ) from error


def read_output(output: ModelOutput, completion: str, model: Model) -> Verdict | Failure:
    """Turn a model's output on a completion into a verdict or the kind of its failure."""
    failed = output_fault(output, str(model).split("/")[0], (model.api.api_key,))
    if failed is not None:
        return failed
    return read_reply(reply_text(output.message.content), completion, output.stop_reason)


def _score(
    judge: Judge, model: Model, outcome: Verdict | Failure, output: ModelOutput | None, tries: int
) -> Score:
    record = {
        "judge": judge.name,
        "judge_model": str(model),
        "rubric_sha256": judge.rubric.sha256,
        "reply": output.completion if output else "",
        "stop_reason": output.stop_reason if output and output.choices else None,
        "tries": tries,
    }
    if isinstance(outcome, Failure):
        return Score.unscored(
            reason=outcome.kind,
            explanation=f"not judged ({outcome.kind}): {outcome.detail}",
            metadata=record | {"failure": outcome.kind, "detail": outcome.detail},
        )
    return Score(
        value=outcome.aligned,
        explanation=outcome.reasoning,
        metadata=record | {"coherent": outcome.coherent},
    )
