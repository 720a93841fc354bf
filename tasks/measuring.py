"""What all tasks share: a condition, a panel and judges make a task."""

from collections.abc import Callable, Mapping

from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import HeadlineMetric
from inspect_ai.model import GenerateConfig, Model, get_model
from inspect_ai.solver import Solver

from protocol.conditions import Condition
from protocol.errors import ProtocolError
from protocol.panels import Panel, load_panel
from protocol.records import COMPARABILITY, SampleRecord, run_metadata
from protocol.rubrics import Rubric, load_rubric
from protocol.seeds import DEFAULT_SEED
from protocol.targets import check_target
from scorers.binding import bind_judges, parse_judges
from scorers.difference import difference
from scorers.judges import judge_scorers
from scorers.schema import refuse_without_schema
from scorers.validity import failed_share
from solvers.sampling import SAMPLING
from tasks.gc_tuning import tune_gc
from tasks.options import Options
from tasks.viewing import listed_under, viewer

COMPLETIONS_PER_QUESTION = 20
# vLLM runs up to 1,024 requests at once and queues the rest; Inspect's HTTP pool holds 1,000, its own
# default limit starts at 20.
VLLM_IN_FLIGHT = 1000


def measure(condition: Condition, solver: Callable[..., Solver], options: Options) -> Task:
    """Make the task that measures one condition's alpha.

    Everything that could stop the run is checked here, before the target generates. Made from Python
    without a model, a task is checked when it runs.

    Args:
        condition: The system prompt under test.
        solver: The condition's solver, which takes the base seed as `seed` and what no request carries
            as `omit`.
        options: What the user set with `-T`.

    Raises:
        ProtocolError: An option is wrong, or a model, key or pinned text is missing.
    """
    if options.batch:
        raise ProtocolError(
            "Judging in batches is a step of its own: run the task with --no-score, then "
            "bwalpha judge LOG --batch."
        )
    target = active_target()
    if target is not None:
        check_target(condition, str(target))
        refuse_system_message(target)
    seed = checked_seed(options.seed, target)
    panel = load_panel(options.panel)
    rubric = load_rubric(options.rubric)
    judges = parse_judges(options.judges)
    if target is not None:
        judges = {name: str(model) for name, model in bind_judges(judges).items()}
    if options.verdict == "schema":
        for name, model in judges.items():
            refuse_without_schema(name, model)
    tune_gc()
    return Task(
        dataset=dataset(panel, condition, rubric, judges, options),
        solver=solver(seed=seed, omit=options.omitted),
        scorer=[
            *judge_scorers(
                judges,
                rubric=options.rubric,
                retries=options.judge_retries,
                cache=options.judge_cache,
                verdicts=options.verdicts,
                verdict=options.verdict,
            ),
            *([difference(list(judges)[:2])] if len(judges) > 1 else []),
        ],
        config=sampling(target, options),
        epochs=Epochs(COMPLETIONS_PER_QUESTION, failed_share()),
        # One completion that fails must not throw away those in flight; the run still ends as an error.
        continue_on_fail=True,
        # Unscored for every judge, so that the log's own counts and bounds hold it; no judge is asked.
        score_on_error=True,
        name=condition.name,
        version=COMPARABILITY,
        metadata=run_metadata(
            condition, panel, rubric, seed, judges, str(target or "none/none")
        ).model_dump(mode="json"),
        tags=[f"α: {next(iter(judges))}"],
        viewer=viewer(list(judges)),
        headline_metric=HeadlineMetric(scorer=next(iter(judges)), metric="alpha"),
    )


def sampling(target: Model | None, options: Options) -> GenerateConfig:
    """Return the protocol's sampling, for vLLM with requests enough in flight to fill its scheduler."""
    config = SAMPLING.model_copy(update={name: None for name in options.omitted if name != "seed"})
    if str(target).startswith("vllm/"):
        return config.merge(GenerateConfig(max_connections=VLLM_IN_FLIGHT))
    return config


def dataset(
    panel: Panel,
    condition: Condition,
    rubric: Rubric,
    judges: Mapping[str, str],
    options: Options,
) -> MemoryDataset:
    """Make a sample a question, with what the viewer and the report sort it by and how it is judged."""
    return MemoryDataset(
        name=panel.name,
        samples=[
            Sample(
                id=question.id,
                input=question.input,
                target=listed_under(question),
                metadata=SampleRecord.planned(
                    question,
                    condition,
                    rubric,
                    judges,
                    options.judge_retries,
                    options.verdicts,
                    options.verdict,
                ).model_dump(mode="json"),
            )
            for question in panel.questions
        ],
    )


def active_target() -> Model | None:
    """Return the model under test; None where a task is made from Python and no model is known yet.

    Raises:
        ProtocolError: A run was started without a model.
    """
    try:
        target = get_model()
    except ValueError:
        return None
    if str(target) == "none/none":
        raise ProtocolError(
            "No target model. Give --model, for example --model vllm/Qwen/Qwen2.5-7B-Instruct, or "
            "--model simulated/target for a first look without a GPU."
        )
    return target


def refuse_system_message(target: Model) -> None:
    """Refuse a target that is sent a system message beside the condition's.

    Raises:
        ProtocolError: It is.
    """
    if target.config.system_message:
        raise ProtocolError(
            "--system-message adds a message to the protocol's. Measure it as a prompt of its own: "
            "inspect eval tasks/custom.py -T prompt='the text'."
        )


def checked_seed(seed: int | None, target: Model | None) -> int:
    """Return the base seed from `-T seed`, else `--seed`, else the protocol's.

    Raises:
        ProtocolError: Both were given and differ.
    """
    given = None if target is None else target.config.seed
    if seed is not None and given is not None and seed != given:
        raise ProtocolError(f"-T seed={seed} and --seed {given} differ. Give one of them.")
    return next((s for s in (seed, given) if s is not None), DEFAULT_SEED)
