"""What is private in Inspect stands in one file, and a newer Inspect that lacks a member is named."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERNALS = ROOT / "protocol" / "inspect_internals.py"
ROOMS = (
    *("protocol", "solvers", "scorers", "tasks", "runs", "estimation", "reports", "exchange"),
    *("judging", "linking", "likeness", "commands", "simulation"),
)


def private_imports(file: Path) -> list[tuple[str, str]]:
    """Modules and names that a file imports from private modules of Inspect."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [(alias.name, "") for alias in node.names]
        found += [
            (module, name)
            for module, name in modules
            if module.startswith("inspect_ai.")
            and any(part.startswith("_") for part in [*module.split("."), name])
        ]
    return found


def test_only_one_file_imports_what_is_private_in_inspect() -> None:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 100
    guilty = {
        str(file.relative_to(ROOT)): found
        for file in files
        if file != INTERNALS and (found := private_imports(file))
    }
    assert guilty == {}


@pytest.mark.parametrize(("module", "name"), private_imports(INTERNALS))
def test_each_private_member_is_still_there(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name), f"Inspect no longer has {module}.{name}"


def test_nothing_of_inspect_is_patched() -> None:
    """No file assigns to an attribute of a name that it imported from Inspect."""
    guilty = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(file.read_text("utf-8"))
            imported = {
                alias.asname or alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inspect_ai")
                for alias in node.names
            }
            guilty += [
                f"{file.relative_to(ROOT)}:{target.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign | ast.AugAssign)
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
                if isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id in imported
            ]
    assert guilty == []
