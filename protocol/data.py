"""Where the project's data lies and how it is read."""

import functools
import json
from pathlib import Path
from typing import Any

import yaml

DATASETS = Path(__file__).resolve().parent.parent / "datasets"


@functools.cache
def read_yaml(name: str) -> Any:
    """Read a YAML file of `datasets/`, once a process."""
    return yaml.safe_load((DATASETS / name).read_text(encoding="utf-8"))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read a file with one JSON object a line."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file if line.strip()]
