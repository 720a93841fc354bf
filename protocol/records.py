"""What a log says of its run, so that a number can be traced to what was asked."""

from importlib.metadata import version

from pydantic import BaseModel, ConfigDict

from protocol.conditions import Condition, Provenance
from protocol.panels import Panel
from protocol.rubrics import Rubric

SUITE = "bwalpha"
COMPARABILITY = 2


class RunMetadata(BaseModel):
    """The metadata of a log of this suite.

    Attributes:
        suite: Always `bwalpha`.
        suite_version: The suite's version.
        comparability: Alphas compare only between logs with the same number; it moves when a change
            of the suite moves numbers.
        condition: The condition's name.
        condition_label: The condition's name for people.
        provenance: Where the prompt's text comes from.
        prompt_sha256: Hash of the prompt, None without one.
        distributional_c: The published classifier score C of the condition, 0 to 1.
        panel: The panel as it was asked for.
        panel_sha256: Hash of its ordered ids and questions.
        rubric: The rubric as it was asked for.
        rubric_sha256: Hash of the judges' system message.
        base_seed: The seed that every completion's own is derived from.
        judges: Each judge's name and model.
        simulated: Whether the target or any judge was simulated.
    """

    model_config = ConfigDict(frozen=True)

    suite: str = SUITE
    suite_version: str
    comparability: int
    condition: str
    condition_label: str
    provenance: Provenance
    prompt_sha256: str | None
    distributional_c: float | None
    panel: str
    panel_sha256: str
    rubric: str
    rubric_sha256: str
    base_seed: int
    judges: dict[str, str]
    simulated: bool


def run_metadata(
    condition: Condition,
    panel: Panel,
    rubric: Rubric,
    base_seed: int,
    judges: dict[str, str],
    target: str,
) -> RunMetadata:
    """Describe a run before it starts.

    Args:
        condition: The system prompt under test.
        panel: What is asked.
        rubric: What the judges are told.
        base_seed: The run's seed.
        judges: Each judge's name and its model, `provider/model`.
        target: The target's model, `provider/model`.
    """
    return RunMetadata(
        suite_version=version(SUITE),
        comparability=COMPARABILITY,
        condition=condition.name,
        condition_label=condition.label,
        provenance=condition.provenance,
        prompt_sha256=condition.prompt_sha256,
        distributional_c=condition.distributional_c,
        panel=panel.name,
        panel_sha256=panel.sha256,
        rubric=rubric.name,
        rubric_sha256=rubric.sha256,
        base_seed=base_seed,
        judges=judges,
        simulated=any(name.startswith("simulated/") for name in [target, *judges.values()]),
    )
