"""How many small changes to the rooms without input and output the tests notice.

    make mutants                                  # 300 mutants, seed 1 (hours on two cores)
    make mutants MUTANTS="--first 50"             # only the first 50 of them
    make mutants MUTANTS="--only 12 --also tests/runs/test_audit.py"   # mutant 12 again, with new tests

The changes are cosmic-ray's, and those of `mutant_operators.py`. A *site* is a place in the code that at
least one of them can change; sites are drawn alike, then one of a site's changes. Annotations are no sites:
nothing reads them. All happens in a copy below `benchmarks/results/mutants`. There the tests of the rooms run
once, to learn which run which line; each mutant then meets those that run its line, fast ones first, up to
the first failure. Results stay, and a second call goes on. `--only` runs one mutant anew, after a test was
written for it; after a change of the code itself another `--state` begins afresh.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from benchmarks.mutant_operators import RemoveStatement, ValueToNone
from benchmarks.mutant_tests import ROOMS, TestMap, learn_tests

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.yaml")
# What every test imports anyway, loaded once for all mutants. None of it imports the suite.
HEAVY = (
    "anthropic",
    "datasets",
    "hypothesis",
    "inspect_ai.analysis",
    "matplotlib.pyplot",
    "openai",
    "pandas",
    "pyarrow.parquet",
    "pytest",
    "scipy.stats",
)
# Kinds of node that no operator looks at, most of a file.
NEVER = {"name", "newline", "endmarker", "string", "fstring_start", "fstring_end", "fstring_string"}
# `is` for `==` says the same of interned values.
SAME = ("_Eq_Is", "_NotEq_IsNot")


class Mutant(NamedTuple):
    """One change: where it stands, and which of its operator's changes of the file it is."""

    file: str
    line: int
    column: int
    operator: str
    occurrence: int
    last_line: int


def operators() -> dict[str, Any]:
    """The operators by name; those that need arguments, such as renaming a variable, are left out."""
    found = {name: get_operator(name) for name in operator_names()}
    usable = {
        name: kind()
        for name, kind in found.items()
        if not kind.arguments() and not name.endswith(SAME)
    }
    return usable | {"ours/ValueToNone": ValueToNone(), "ours/RemoveStatement": RemoveStatement()}


def annotations(source: str) -> set[tuple[int, int]]:
    """Every (line, column) inside an annotation or a type alias's import guard."""
    inside: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(source)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr):
                inside |= {
                    (inner.lineno, inner.col_offset)
                    for inner in ast.walk(part)
                    if isinstance(inner, ast.expr)
                }
                inside |= {
                    (part.lineno, column)
                    for column in range(part.col_offset, part.end_col_offset or 0)
                }
    return inside


def sites(root: Path) -> list[list[Mutant]]:
    """The changes that can be made, those of one place together, in a fixed order."""
    places: dict[tuple[Any, ...], list[Mutant]] = {}
    usable = sorted(operators().items())
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        source, file = path.read_text("utf-8"), str(path.relative_to(root))
        left_out, nodes = annotations(source), list(ast_nodes(get_ast(source)))
        nodes = [node for node in nodes if node.type not in NEVER]
        for name, operator in usable:
            found = (place for node in nodes for place in operator.mutation_positions(node))
            for occurrence, (start, end) in enumerate(found):
                if start not in left_out:
                    mutant = Mutant(file, *start, name, occurrence, end[0])
                    places.setdefault((file, start, end), []).append(mutant)
    return [places[place] for place in sorted(places)]


def drawn(root: Path, sample: int, seed: int) -> list[Mutant]:
    """A sample of sites in random order, so that its beginning is a sample too."""
    chance, found = random.Random(seed), sites(root)
    chance.shuffle(found)
    mutants: list[Mutant] = []
    for mutant in (chance.choice(place) for place in found):
        if len(mutants) == sample:
            break
        try:
            compile(changed(root, mutant)[1], mutant.file, "exec")
        except (SyntaxError, AttributeError):  # cosmic-ray cannot replace `except a.b:`
            continue
        mutants.append(mutant)
    return mutants


def changed(root: Path, mutant: Mutant) -> tuple[str, str]:
    """The file as it is, and with the change."""
    source = (root / mutant.file).read_text("utf-8")
    return source, mutate_code(source, operators()[mutant.operator], mutant.occurrence)


def copy_of_the_code(to: Path) -> None:
    """Copy what git would commit; a second call brings the tests up to date."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        source, target = ROOT / name, to / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                shutil.copy2(source, target)


def preload() -> None:
    """Import what is heavy, once; a mutant's own process starts from here."""
    for name in HEAVY:
        __import__(name)
    ours = {*ROOMS, "protocol", "tasks", "estimation"} & set(sys.modules)
    assert not ours, f"a mutant would not be seen in modules already imported: {ours}"


def run_tests(copy: Path, tests: list[str], seconds: float, log: Path) -> int | None:
    """Run tests in a process of their own; its exit status, or None past the time limit."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        os.chdir(copy)
        with log.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        sys.path[:0] = [str(copy)]
        os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.dont_write_bytecode = True
        import pytest

        status = 70
        try:
            status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--tb=line", *tests]))
        finally:
            sys.stdout.flush()
            os._exit(status)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        return None
    finally:
        try:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def outcome(
    copy: Path, mutant: Mutant, known: TestMap, budget: float, also: list[str], log: Path
) -> dict[str, Any]:
    """Make the change in the copy, run the tests that meet it, and take the change back."""
    path = copy / mutant.file
    source, mutated = changed(copy, mutant)
    before = path.stat()
    lines_changed = range(mutant.line, mutant.last_line + 1)
    tests = [*also, *known.meeting(mutant.file, lines_changed, budget)]
    lines = [
        [line.strip() for line in one.splitlines()[mutant.line - 1 : mutant.last_line]]
        for one in (source, mutated)
    ]
    found = mutant._asdict() | {"was": lines[0], "is": lines[1], "tests": len(tests)}
    if not tests:
        return found | {"outcome": "survived", "why": "no test runs the line"}
    path.write_text(mutated, "utf-8")
    started = time.monotonic()
    try:
        status = run_tests(copy, tests, 60 + 4 * budget, log)
    finally:
        path.write_text(source, "utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    said = log.read_text("utf-8", "replace").splitlines()
    why = next((line for line in reversed(said) if line.startswith(("FAILED", "ERROR"))), "")
    result = {None: "time limit", 0: "survived"}.get(status, "killed")
    seconds = round(time.monotonic() - started, 1)
    return found | {"outcome": result, "status": status, "why": why, "seconds": seconds}


def equivalent(result: dict[str, Any], listed: list[dict[str, str]]) -> bool:
    """Whether a person has found that this change cannot be seen from outside."""
    change = (result["file"], " ".join(result["was"]).strip(), " ".join(result["is"]).strip())
    return change in {(row["file"], row["was"], row["is"]) for row in listed}


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """Killed, survived and equivalent, a row per room."""
    listed = yaml.safe_load(EQUIVALENT.read_text("utf-8")) or []
    yield "| room | mutants | equivalent | killed | survived | killed of those that change behaviour |"
    yield "|---|---|---|---|---|---|"
    for room in (*ROOMS, "all"):
        of_room = [row for row in results if room in (row["file"].split("/")[0], "all")]
        alive = [row for row in of_room if row["outcome"] == "survived"]
        same = sum(equivalent(row, listed) for row in alive)
        killed, counted = len(of_room) - len(alive), len(of_room) - same
        share = f"{100 * killed / counted:.1f} %" if counted else "–"
        yield f"| {room} | {len(of_room)} | {same} | {killed} | {len(alive) - same} | {share} |"


def main() -> None:
    """Run the sample and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, help="only so many of the sample")
    parser.add_argument("--only", type=int, action="append", help="this mutant, anew")
    parser.add_argument("--also", action="append", default=[], help="further tests to run first")
    parser.add_argument("--budget", type=float, default=60, help="seconds of tests a mutant meets")
    parser.add_argument("--state", type=Path, default=ROOT / "benchmarks/results/mutants")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the change is taken back
    copy, log = given.state / "copy", given.state / "last.log"
    stored = given.state / f"seed-{given.seed}-of-{given.sample}.json"
    copy_of_the_code(copy)
    known = learn_tests(copy, given.state / "tests.json")
    names = given.state / f"drawn-{given.seed}-of-{given.sample}.json"
    if not names.exists():
        names.write_text(json.dumps(drawn(copy, given.sample, given.seed)))
    mutants = [Mutant(*row) for row in json.loads(names.read_text())][: given.first]
    results = (
        {int(k): v for k, v in json.loads(stored.read_text()).items()} if stored.exists() else {}
    )
    preload()
    for number, mutant in enumerate(mutants):
        if number in given.only if given.only else number not in results:
            found = outcome(copy, mutant, known, given.budget, given.also, log)
            results[number] = found
            stored.write_text(json.dumps(results, indent=1))
            print(number, mutant.file, mutant.line, mutant.operator, found["outcome"], flush=True)
            if found["outcome"] == "survived":
                print("   was", *found["was"], "\n   is ", *found["is"], flush=True)
    print(*table([results[number] for number in sorted(results)]), sep="\n")


if __name__ == "__main__":
    main()
