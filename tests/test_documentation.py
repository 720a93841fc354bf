"""What the documentation points to is there: pages, sections, messages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")
# Two adjacent literals of one message, a blank of an f-string's field, and Markdown's own marks.
JOINT = re.compile(r"[\"']\s*\n\s*f?[\"']")
CODE = ("protocol", "tasks", "scorers", "commands", "judging", "likeness", "exchange", "runs")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_page_and_a_section_that_are_there(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), f"{path} is not there"
        assert not anchor or anchor in anchors(target), f"{path or page.name} has no #{anchor}"


def test_every_message_in_troubleshooting_stands_in_the_code() -> None:
    files = [file for room in CODE for file in sorted((ROOT / room).rglob("*.py"))]
    said = " ".join(JOINT.sub("", file.read_text("utf-8")) for file in files)
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    quoted = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    pieces = [
        piece.strip()
        for cell in quoted
        for message in re.findall(r"`([^`]+)`", cell)
        for piece in message.split("…")
    ]
    long = [piece for piece in pieces if len(piece) > 12 and not piece.startswith("unexpected")]
    assert len(long) >= 18
    assert [piece for piece in long if piece not in said] == []
