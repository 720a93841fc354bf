"""What the `inspect_ai` entry point loads: the provider `simulated`, and each task as `bwalpha/NAME`."""

from importlib import import_module
from typing import Any

from inspect_ai import Task, task

# Inspect puts a scorer file's folder first in the path: scorers/likeness.py must not become `likeness`.
import likeness as _likeness  # noqa: F401
from simulation.registry import simulated

TASKS = {
    "alpha": ("pair_111", "grid_1", "grid_2", "grid_3"),
    "references": ("null", "pair_98", "evoprompt_98", "joint_111", "c6_em"),
    "custom": ("prompt",),
}


def _register(file: str, name: str) -> None:
    def make(**options: Any) -> Task:
        # Imported late: every Inspect command loads the entry point, used or not.
        made: Task = getattr(import_module(f"tasks.{file}"), name)(**options)
        return made

    # Inspect names a task after its function and the installed package of its module.
    make.__name__ = name
    task(make)


for _file, _names in TASKS.items():
    for _name in _names:
        _register(_file, _name)

__all__ = ["simulated"]
