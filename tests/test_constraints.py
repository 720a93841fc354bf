"""The versions that `make install` and `make test` take."""

import tomllib
from importlib.metadata import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent


def test_every_version_can_be_had_for_the_oldest_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [oldest] = SpecifierSet(project["requires-python"])
    assert oldest.operator == ">="
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]

    assert len(pinned) > 50
    asking_more = {
        package.name: wanted
        for package in pinned
        for wanted in metadata(package.name).get_all("Requires-Python") or []
        if f"{oldest.version}.0" not in SpecifierSet(wanted)
    }
    assert asking_more == {}
