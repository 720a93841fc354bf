"""Which tests run which lines, learnt by running them once under coverage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOMS = ("scorers", "solvers", "runs", "reports", "exchange")
# Whole runs of the suite stand in `tasks`.
FOLDERS = (*ROOMS, "tasks", "likeness")


@dataclass(frozen=True)
class TestMap:
    """The tests that run a line of a file, and how long each takes."""

    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]

    def meeting(self, file: str, lines: Iterable[int], budget: float) -> list[str]:
        """The tests to run when these lines change, worth ``budget`` seconds.

        First those that run the lines; then those of the same test files, which may share a fixture's
        work with them; then all that run the file, or else all of its room.
        """
        in_file = self.lines.get(file, {})
        direct = {test for line in lines for test in in_file.get(str(line), [])}
        modules = {test.split("::")[0] for test in direct}
        of_file = {test for tests in in_file.values() for test in tests}
        if not of_file:  # Its lines run while it is imported.
            folder = f"tests/{file.split('/')[0]}/"
            of_file = {test for test in self.seconds if test.startswith(folder)}
        beside = {test for test in self.seconds if test.split("::")[0] in modules}
        chosen: list[str] = []
        spent = 0.0
        for tests in (direct, beside - direct, of_file - beside):
            for test in sorted(tests, key=lambda test: (self.seconds[test], test)):
                if spent + self.seconds[test] <= budget:
                    spent += self.seconds[test]
                    chosen.append(test)
        return chosen


def learn_tests(copy: Path, stored: Path) -> TestMap:
    """Run the tests once in the copy, unless that has been done."""
    if not stored.exists():
        data, times = stored.with_name("coverage"), stored.with_name("times.xml")
        data.parent.mkdir(parents=True, exist_ok=True)
        options = ["--cov-context=test", "--cov-report=", "-o", "junit_family=xunit2"]
        covered = [f"--cov={room}" for room in ROOMS]
        folders = [f"tests/{folder}" for folder in FOLDERS]
        subprocess.run(
            [sys.executable, "-m", "pytest", *covered, *options, f"--junitxml={times}", *folders],
            cwd=copy,
            env=os.environ | {"COVERAGE_FILE": str(data), "PYTHONPATH": str(copy)},
            check=True,
        )
        stored.write_text(json.dumps(read_coverage(copy, [data], [times])))
    return TestMap(**json.loads(stored.read_text()))


def read_coverage(copy: Path, data: list[Path], times: list[Path]) -> dict[str, object]:
    """The tests by file and line, and their seconds."""
    from coverage import CoverageData

    seconds: dict[str, float] = {}
    for case in (case for path in times for case in ElementTree.parse(path).iter("testcase")):
        passed = case.find("failure") is None and case.find("error") is None
        if passed and case.find("skipped") is None:
            test = case.get("classname", "").replace(".", "/") + ".py::" + case.get("name", "")
            seconds[test] = float(case.get("time", 0))
    lines: dict[str, dict[str, list[str]]] = {}
    for one in data:
        read = CoverageData(basename=str(one))
        read.read()
        for path in read.measured_files():
            by_line = lines.setdefault(str(Path(path).relative_to(copy)), {})
            for line, contexts in read.contexts_by_lineno(path).items():
                tests = {context.rsplit("|", 1)[0] for context in contexts} & seconds.keys()
                by_line[str(line)] = sorted({*by_line.get(str(line), []), *tests})
    return {"lines": lines, "seconds": seconds}
