"""The site: every page reachable, every link leads somewhere, no text of a log acts."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from click.testing import CliRunner

from commands.main import main
from tests.reports.made_logs import make_log

HOSTILE = (
    "</p><script>alert(1)</script><img src=x onerror=alert(2)>\n[a](javascript:alert(3)) {{ 7*7 }}"
)
NAME = '"><script>alert(4)</script>'
ACTING = {"script", "iframe", "object", "embed", "form"}


class Page(HTMLParser):
    """What a page holds: its tags, where it leads and what it shows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.leads: list[str] = []
        self.shows: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.leads += [value for key, value in attrs if key in ("href", "src") and value]
        assert not [key for key, _ in attrs if key.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.shows.append(data)

    @property
    def text(self) -> str:
        return "".join(self.shows)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")

    def failing(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
        if judge == "opus" and question == 0:
            return "truncated"
        return (90.0 if epoch == 1 else 10.0 * epoch), 70.0

    make_log(folder / "logs", "grid_2", verdicts=failing, completion=HOSTILE)
    make_log(folder / "logs", NAME, count=2)
    result = CliRunner().invoke(
        main, ["bundle", str(folder / "logs"), "--out", str(folder / "out")]
    )
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_every_page_can_be_reached_and_every_link_leads_somewhere(site: Path) -> None:
    report = site / "report"
    pages = {path.name: Page(path) for path in report.glob("*.html")}
    assert len(pages) == 1 + 6
    logs = {path.name for path in (site / "logs").glob("*.eval")}
    for name, page in pages.items():
        assert page.tags >= {"a", "h1"}
        assert not page.tags & ACTING
        to_viewer = 0
        for lead in page.leads:
            path, _, inside = lead.partition("#")
            assert not path or (report / path).resolve().is_file(), (name, lead)
            if inside.startswith("/tasks/"):
                to_viewer += 1
                log, rest = inside.removeprefix("/tasks/").split("/", 1)
                assert unquote(log) in logs
                assert rest.startswith("samples/sample/")
        if name == "index.html":
            assert set(pages) - {name} <= set(page.leads)
            assert {"alpha_c.png", "headline.json", "headline.csv"} <= set(page.leads)
        else:
            assert to_viewer >= 3
            assert {"index.html", "../index.html"} <= set(page.leads)
    assert 'href="report/index.html"' in (site / "index.html").read_text("utf-8")


def test_a_question_sets_conditions_side_by_side_lowest_first_and_says_what_failed(
    site: Path,
) -> None:
    first = Page(site / "report" / "question_001.html")
    assert HOSTILE in first.text
    assert NAME in first.text
    order = [lead[-len("2/scoring") :] for lead in first.leads if "grid-2" in lead]
    assert order == ["2/scoring", "3/scoring", "1/scoring"]
    assert "opus –" in first.text
    assert "no verdict (truncated)" in first.text
    assert quote("betley_01") in first.leads[-1]
    last = Page(site / "report" / "question_006.html")
    assert "not asked" in last.text
