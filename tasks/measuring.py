"""What all tasks share: a condition, a panel and judges make a task."""

from collections.abc import Callable
from typing import Any

from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import HeadlineMetric
from inspect_ai.model import GenerateConfig, Model, get_model
from inspect_ai.solver import Solver

from protocol.conditions import Condition
from protocol.errors import ProtocolError
from protocol.metadata import COMPARABILITY, run_metadata
from protocol.panels import Panel, load_panel
from protocol.rubrics import load_rubric
from protocol.seeds import DEFAULT_SEED
from protocol.targets import check_target
from scorers.binding import bind_judges, parse_judges
from scorers.judges import judge_scorers
from scorers.judging import note
from scorers.rounds import let_all_in
from scorers.validity import failed_share
from solvers.sampling import SAMPLING
from tasks.garbage import collect_seldom
from tasks.options import Options
from tasks.viewing import listed_under, viewer

COMPLETIONS_A_QUESTION = 20
# vLLM runs up to 1,024 requests at once and queues the rest; Inspect's HTTP pool holds 1,000, its own
# default limit starts at 20.
VLLM_IN_FLIGHT = 1000


def measure(condition: Condition, solver: Callable[..., Solver], options: Options) -> Task:
    """Make the task that measures one condition's alpha.

    Everything that could stop the run is checked here, before the target generates.

    Args:
        condition: The system prompt under test.
        solver: The condition's solver, which takes the base seed as `seed`.
        options: What the user set with `-T`.

    Raises:
        ProtocolError: An option is wrong, or a model, key or pinned text is missing.
    """
    target = checked_target(condition)
    seed = checked_seed(options.seed, target)
    panel = load_panel(options.panel)
    rubric = load_rubric(options.rubric)
    judges = bind_judges(parse_judges(options.judges))
    if options.batch or any(model.config.batch for model in judges.values()):
        let_all_in()
    collect_seldom()
    return Task(
        dataset=dataset(panel, condition, note(rubric.name, rubric.sha256, options.judge_retries)),
        solver=solver(seed=seed),
        scorer=judge_scorers(
            list(judges),
            rubric=options.rubric,
            retries=options.judge_retries,
            batch=options.batch,
            cache=options.judge_cache,
        ),
        config=sampling(target),
        epochs=Epochs(COMPLETIONS_A_QUESTION, failed_share()),
        # One completion that fails must not throw away those in flight; the run still ends as an error.
        continue_on_fail=True,
        model_roles=dict(judges),
        name=condition.name,
        version=COMPARABILITY,
        metadata=run_metadata(
            condition,
            panel,
            rubric,
            seed,
            {name: str(model) for name, model in judges.items()},
            str(target),
        ).model_dump(),
        viewer=viewer(list(judges)),
        headline_metric=HeadlineMetric(scorer=next(iter(judges)), metric="alpha"),
    )


def sampling(target: Model) -> GenerateConfig:
    """Return the protocol's sampling, for vLLM with requests enough in flight to fill its scheduler."""
    if str(target).startswith("vllm/"):
        return SAMPLING.merge(GenerateConfig(max_connections=VLLM_IN_FLIGHT))
    return SAMPLING


def dataset(panel: Panel, condition: Condition, judging: dict[str, Any]) -> MemoryDataset:
    """Make a sample a question, with what the viewer and the report sort it by and how it is judged."""
    return MemoryDataset(
        name=panel.name,
        samples=[
            Sample(
                id=question.id,
                input=question.input,
                target=listed_under(question),
                metadata={
                    "question_id": question.id,
                    "condition": condition.name,
                    "prompt_sha256": condition.prompt_sha256,
                }
                | question.model_dump(exclude={"id", "input"})
                | judging,
            )
            for question in panel.questions
        ],
    )


def checked_target(condition: Condition) -> Model:
    """Return the model under test.

    Raises:
        ProtocolError: No model was given, or a finetune's condition got a plain base model.
    """
    target = get_model()
    if str(target) == "none/none":
        raise ProtocolError(
            "No target model. Give --model, for example --model vllm/Qwen/Qwen2.5-7B-Instruct, or "
            "--model simulated/target for a first look without a GPU."
        )
    check_target(condition, str(target))
    return target


def checked_seed(seed: int | None, target: Model) -> int:
    """Return the base seed from `-T seed`, else `--seed`, else the protocol's.

    Raises:
        ProtocolError: Both were given and differ.
    """
    given = target.config.seed
    if seed is not None and given is not None and seed != given:
        raise ProtocolError(f"-T seed={seed} and --seed {given} differ. Give one of them.")
    return next((s for s in (seed, given) if s is not None), DEFAULT_SEED)
