"""Makes every picture of the documentation again, in a real browser.

    pip install playwright && apt-get install chromium      # once; neither is needed by the suite
    python docs/images/take.py [--logs FOLDER] [--epochs 20]

The four conditions run with SIMULATED models (one judge told to fail now and then), or the logs of such
a run are taken from FOLDER. Then `bwalpha reference` and `bwalpha bundle` draw, and Chromium opens
`inspect view` on the logs, and the site's pages with the links between them.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample_summaries
from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
COLOURS = 128
WIDTH, HEIGHT = 1280, 720
# The bar at the top of each page says where on this machine the logs lie.
BAR = 29
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def make_logs(folder: Path, epochs: int) -> None:
    """Run the four conditions, simulated; the first judge's reply is cut off now and then."""
    models = {
        "sonnet": "{model: simulated/judge, model_args: {cut_off: 0.03}}",
        "opus": "simulated/judge-lenient",
    }
    command = [
        "inspect",
        "eval",
        "tasks/alpha.py",
        "--model",
        "simulated/target",
        "--display",
        "none",
    ]
    for role, model in models.items():
        command += ["--model-role", f"{role}={model}"]
    command += ["-T", "panel=open52", "-T", "rubric=open", "--max-tasks", "4", "--no-log-realtime"]
    command += ["--epochs", str(epochs), "--log-dir", str(folder)]
    subprocess.run(command, check=True)


def draw(logs: Path, folder: Path) -> None:
    """Keep the α–C figures of `bwalpha reference` and of a report on the logs."""
    bwalpha = [sys.executable, "-c", "from commands.main import main; main()"]
    subprocess.run([*bwalpha, "reference", "--out", str(folder)], check=True)
    subprocess.run([*bwalpha, "bundle", str(logs), "--out", str(folder / "site")], check=True)
    keep(folder / "reference_alpha_c.png", "reference_alpha_c")
    keep(folder / "site" / "report" / "alpha_c.png", "simulated_alpha_c")


def keep(picture: Path, name: str) -> None:
    """Store a picture with few colours, which is a third of its size and looks the same."""
    image = Image.open(picture).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(HERE / f"{name}.png", optimize=True)


@contextmanager
def inspect_view(logs: Path) -> Iterator[str]:
    """Serve the logs on a free port of this machine, and give the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["inspect", "view", "--log-dir", str(logs), "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urlopen(url).close()
                break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait()


def failed_sample(logs: Path) -> tuple[str, str, int]:
    """A log, and id and epoch of one of its samples whose first judge gave no verdict."""
    info = next(i for i in list_eval_logs(str(logs)) if "grid-2" in i.name)
    judge = next(iter((read_eval_log(info, header_only=True).eval.metadata or {})["judges"]))
    for sample in read_eval_log_sample_summaries(info):
        if (sample.scores or {})[judge].reason:
            return Path(info.name).name, str(sample.id), sample.epoch
    raise SystemExit("no judge failed in these logs; make them with this script")


def photograph(page: Page, url: str, logs: Path, folder: Path) -> None:
    """Take the log list, the sample list (filtered and sorted) and a sample's scores."""

    def shoot(name: str, height: int) -> None:
        page.wait_for_timeout(2000)
        below = {"x": 0, "y": BAR, "width": WIDTH, "height": height - BAR}
        page.screenshot(path=folder / f"{name}.png", clip=below)
        keep(folder / f"{name}.png", name)

    page.set_default_timeout(120_000)
    log, sample, epoch = failed_sample(logs)
    page.goto(f"{url}/#/tasks/{log}")
    page.locator(".cm-content").first.click()
    page.keyboard.type('metadata.subpanel == "power" and sonnet < 60')
    page.keyboard.press("Escape")
    shoot("viewer_samples", HEIGHT)
    page.goto(f"{url}/#/tasks/{log}/samples/sample/{sample}/{epoch}/scoring")
    page.get_by_text("not judged").first.wait_for()
    shoot("viewer_scores", HEIGHT)
    # Last, because the list knows a log's details only once the log has been opened.
    for info in list_eval_logs(str(logs)):
        page.goto(f"{url}/#/tasks/{Path(info.name).name}")
        page.get_by_text("simulated/judge-lenient").first.wait_for()
        page.wait_for_timeout(1000)
    page.goto(f"{url}/#/tasks")
    page.get_by_text("grid_2", exact=True).first.wait_for()
    page.wait_for_timeout(2000)
    shoot("viewer_logs", 200)


def browse(page: Page, site: Path, folder: Path) -> None:
    """Take the site's pages, and follow the links from the report to a transcript and back."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        page.goto(f"{url}/report/index.html")
        for width in (WIDTH, 700):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, "cut off"
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
        page.locator("a[href='question_001.html']").click()
        page.screenshot(path=folder / "site_question.png")
        keep(folder / "site_question.png", "site_question")
        page.locator("article a").first.click()
        page.get_by_text("Explanation", exact=True).first.wait_for()
        page.get_by_text("report", exact=True).click()
        page.get_by_text("What came out").first.wait_for()
        server.shutdown()


def main() -> None:
    """Make every picture."""
    parser = argparse.ArgumentParser(description="Make the pictures of the documentation again.")
    parser.add_argument("--logs", type=Path, help="Logs of an earlier run of this script.")
    parser.add_argument("--epochs", type=int, default=20, help="Completions a question.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        logs = options.logs or Path(temporary) / "simulated"
        if not logs.exists():
            make_logs(logs, options.epochs)
        draw(logs, Path(temporary) / "figures")
        with inspect_view(logs) as url, sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=CHROMIUM, headless=True
            )
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            photograph(page, url, logs, Path(temporary))
            browse(page, Path(temporary) / "figures" / "site", Path(temporary))
            browser.close()


if __name__ == "__main__":
    main()
