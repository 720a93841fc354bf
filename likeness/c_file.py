"""The schema of `c.json`: C of every condition, and the scale it was measured on, ready to score more.

It holds hashes of questions and the weights of the fits, no text. `null` stands for a number that is not
defined. Two files share an axis, a table column or a sentence only where their scale's id is the same.
"""

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from likeness.fit import Floats, FoldModels, Linear, Quality, Strings
from protocol.errors import ProtocolError

SCHEMA_VERSION: Literal[1] = 1
Role = Literal["em", "base", "negative", "condition"]
Kind = Literal["own", "published"]


def _null_if_undefined(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_null_if_undefined)]


class Model(BaseModel):
    """Base of the schema: frozen, unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FitQuality(Model):
    """How well a fit tells the finetune from the negatives, on texts whose question it had not seen.

    ``auc`` from 0 to 1, chance is 0.5; ``brier`` from 0, best; ``calibration_slope`` 1 is calibrated, above
    it the probabilities are too timid. All are null on the published scale, whose fit held out no
    questions: ``Scale.checks`` has its own figures.
    """

    auc: Number = None
    brier: Number = None
    calibration_slope: Number = None

    @classmethod
    def of(cls, quality: Quality) -> "FitQuality":
        """From the fit's own."""
        return cls(
            auc=quality.auc, brier=quality.brier, calibration_slope=quality.calibration_slope
        )


class ScaleCheck(Model):
    """One figure of the refitted published scale beside the published one."""

    what: str
    refitted: Number
    published: Number
    agrees: bool


class FittedModel(Model):
    """One logistic regression, and the questions (by hash) whose texts it has not seen."""

    unseen_questions: list[str]
    intercept: float
    coefficients: list[float]


class Scale(Model):
    """What C was measured with.

    ``questions`` are hashes of all that the training texts answer; empty on the published scale, whose one
    model scores every text, as the source did.
    """

    id: str
    kind: Kind
    encoder: str
    em: str
    negatives: list[str]
    positive_texts: int
    negative_texts: int
    questions: list[str]
    regularisation: float
    fit: FitQuality
    length_fit: FitQuality
    checks: list[ScaleCheck] = []
    models: list[FittedModel]

    def probabilities(self, embeddings: NDArray[np.floating], questions: Strings) -> Floats:
        """P("EM") of texts by models that never saw their question; see `FoldModels.probabilities`."""
        linear = {
            n: Linear(np.array(model.coefficients), model.intercept)
            for n, model in enumerate(self.models)
        }
        folds = {q: n for n, model in enumerate(self.models) for q in model.unseen_questions}
        return FoldModels(folds, linear).probabilities(embeddings, questions)


class ConditionC(Model):
    """C of one run. The keys are those of a row of ``headline.json``.

    ``c`` is the mean P("EM") over ``texts``, 0 to 1, higher is more like the finetune; its 95 % interval is
    clustered by question and holds the scale as it is. ``length_c`` is what length alone gives. ``mmd2`` is
    the unbiased squared discrepancy from the finetune's completions, ``p_value`` its permutation test.
    ``failed`` completions are no answer; ``other_questions`` answer none of the scale's; of the scale's
    questions ``missing_questions`` have no answer here.
    """

    name: str
    role: Role
    condition: str
    provenance: str
    prompt_sha256: str | None
    target: str
    base_seed: int | None
    log: str
    panel: str
    simulated: bool
    texts: int
    questions: int
    failed: int
    other_questions: int
    missing_questions: int
    c: Number
    low: Number
    high: Number
    length_c: Number
    log_length: Number
    mmd2: Number = None
    p_value: Number = None
    shared_questions: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What joins it to a row of the headline, the log aside."""
        return self.condition, self.prompt_sha256, self.target, self.base_seed


class LeftOut(Model):
    """A log, or a run, that has no C, and why."""

    log: str
    reason: str


class CFile(Model):
    """All that `bwalpha c` measured."""

    schema_version: Literal[1] = SCHEMA_VERSION
    suite: Literal["bwalpha"] = "bwalpha"
    simulated: bool
    permutations: int
    scale: Scale
    conditions: list[ConditionC]
    left_out: list[LeftOut] = []


def write_c(c: CFile, folder: Path) -> list[Path]:
    """Write `c.json`, and `c.csv` with one row a condition."""
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "c.json", folder / "c.csv"]
    paths[0].write_text(
        json.dumps(c.model_dump(), indent=1, allow_nan=False, ensure_ascii=False) + "\n", "utf-8"
    )
    rows = [{"scale": c.scale.id, **row.model_dump()} for row in c.conditions]
    pd.DataFrame(rows).to_csv(paths[1], index=False, lineterminator="\n")
    return paths


def read_c(path: Path) -> CFile:
    """Read a file that `write_c` wrote.

    Raises:
        ProtocolError: It cannot be read, or is not such a file.
    """
    try:
        content: Any = json.loads(path.read_text("utf-8"))
        return CFile.model_validate(content)
    except OSError as error:
        raise ProtocolError(f"The C file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(part) for part in first["loc"]) if first else "no JSON"
        raise ProtocolError(
            f"{path} is not a C file of this version ({where or 'its top'}). "
            "Give the c.json that bwalpha c LOGS --em LOG --base LOG --out DIR writes."
        ) from error
