"""What the documents say is so: examples run, settings are listed, generated files are current."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import faqbot
from faqbot.cli.main import main
from faqbot.model.facts import (
    Comparison,
    DocumentForm,
    Lookup,
    NextStep,
    Requirement,
    UpkeepMatter,
)
from faqbot.replies.result import _CONTRACT_REASONS
from faqbot.settings.models import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Each `faqbot` command in the console blocks of a page, with the output below it."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = example.partition("\n")
            if command.startswith("faqbot "):
                yield command, output


ABOUT_SHIPPED_CONTENT = (
    "README.md",
    "docs/reference/json.md",
    "docs/tutorial/first-answer.md",
    "docs/explanation/declines.md",
)


@pytest.mark.parametrize(
    ("command", "output"),
    sorted({one for page in ABOUT_SHIPPED_CONTENT for one in commands(page) if one[1]}),
)
def test_examples_about_the_shipped_content_print_what_the_page_shows(
    command: str,
    output: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("FAQBOT_KNOWLEDGE", str(ROOT / "knowledge"))
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    pattern = ".*".join(re.escape(piece) for piece in re.split(r"\.\.\.\n?", output))
    assert re.fullmatch(pattern, capfdbinary.readouterr().out.decode(), re.DOTALL)


STEP = re.compile(
    r"`(?P<file>[\w./-]+)`(?P<added>, added)?:\n\n```\w+\n(?P<text>.*?)^```$"
    r"|^```console\n(?P<console>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
"""What a reader of a page does: write a file, add to one, or type what a block shows."""

SERVE = ("faqbot edit", "faqbot run")


def follow(page: Path) -> None:
    """Do what a page says in the current folder; each command must print what the page shows."""
    for step in STEP.finditer(page.read_text(encoding="utf-8")):
        if step["console"] is None:
            file = Path(step["file"])
            before = file.read_text(encoding="utf-8") if step["added"] else ""
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(before + step["text"], encoding="utf-8")
            continue
        for example in re.split(r"^\$ ", step["console"], flags=re.MULTILINE)[1:]:
            command, _, output = example.partition("\n")
            if command.startswith(SERVE):
                continue
            code, printed = run(command)
            assert code == 0, (command, printed)
            pattern = ".*".join(re.escape(piece) for piece in re.split(r"\.\.\.\n?", output))
            assert re.fullmatch(pattern, printed, re.DOTALL), (command, printed)


def run(command: str) -> tuple[object, str]:
    """The exit code of a command, and what it prints."""
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        patch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit) as stop:
            main()
    return stop.value.code, printed.getvalue()


@pytest.fixture(scope="module")
def authored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which somebody followed the tutorial for authors."""
    folder = tmp_path_factory.mktemp("authored")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("FAQBOT_KNOWLEDGE", raising=False)
        patch.setenv("FAQBOT_DATABASE_URL", f"sqlite:///{folder}/faqbot.db")
        patch.setenv("FAQBOT_CACHE", str(folder / "cache"))
        patch.setenv("COLUMNS", "120")
        # The first half of the page is for the editor, which makes the folder.
        (folder / "knowledge").mkdir()
        shutil.copy(ROOT / "knowledge" / "schema.json", folder / "knowledge")
        follow(ROOT / "docs" / "tutorial" / "first-role.md")
        yield folder


def test_tutorial_for_authors_can_be_followed_from_top_to_bottom(authored: Path) -> None:
    assert {path.name for path in (authored / "knowledge").rglob("*.yaml")} == {
        "payroll-clerk.yaml",
        "when-do-we-get-paid.yaml",
    }


AUTHORS = sorted((ROOT / "docs" / "how-to" / "authors").glob("*.md"))


@pytest.mark.parametrize("page", AUTHORS, ids=lambda page: page.stem)
def test_pages_for_authors_can_be_followed_after_the_tutorial(
    page: Path, authored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(authored / "knowledge", tmp_path / "knowledge")
    monkeypatch.chdir(tmp_path)
    follow(page)


@pytest.mark.parametrize("page", ["docs/reference/python.md"])
def test_python_examples_print_what_the_page_shows(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All examples of a page are one session."""
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```pycon\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, page, 0)
    failures: list[str] = []
    ran = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=failures.append)
    assert ran.attempted > len(blocks)
    assert ran.failed == 0, "".join(failures)


def test_figures_of_the_readme_are_those_that_were_measured() -> None:
    measured = json.loads((ROOT / "benchmarks/results/questions.json").read_text("utf-8"))["test"]
    asked = measured["in_scope"]
    figures = (asked, round(asked * measured["right"]), round(asked * measured["wrong"]))
    accuracy = (ROOT / "docs" / "explanation" / "accuracy.md").read_text(encoding="utf-8")
    assert "Of our {} test questions that have an answer it answers {} right and {} wrong".format(
        *figures
    ) in " ".join(README.split())
    assert "| {} | {} answered right, {} wrong".format(*figures) in accuracy
    assert f"of {measured['out_of_scope']} that have none it answers none" in README
    assert measured["out_of_scope_answered"] == 0


def test_make_run_prints_what_the_first_page_shows() -> None:
    page = (ROOT / "docs" / "tutorial" / "first-answer.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^\$ make run\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    command = ["make", "--dry-run", "--always-make", "run", "VENV=.venv"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *by_make, by_faqbot = shown.splitlines()
    assert len(by_make) == 2
    assert [line for line in by_make if f'echo "{line}"' not in ran.stdout] == []
    assert by_faqbot == "faqbot runs in a local Slack workspace: http://127.0.0.1:8765/"


def test_readme_is_short() -> None:
    assert len(README.split()) < 700


def test_every_setting_stands_in_dotenv() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if name.upper() not in text] == []


PAGES = sorted(path.name for path in ROOT.glob("*.md")) + [
    str(page.relative_to(ROOT))
    for folder in ("docs", "tests", "benchmarks", "tools")
    for page in sorted((ROOT / folder).rglob("*.md"))
]


def headings(page: Path) -> set[str]:
    """The names by which links lead to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_of_the_repository(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)", text):
        linked = (ROOT / page).parent / target if target else ROOT / page
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            assert anchor in headings(linked), f"{target}#{anchor}"


WRAPPED = [page for page in PAGES if page != "CHANGELOG.md" and "results/" not in page]


@pytest.mark.parametrize("page", [page for page in WRAPPED if not page.endswith("card.md")])
def test_lines_of_prose_wrap_at_100(page: str) -> None:
    text = re.sub(
        r"^( *```).*?^\1", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    prose = [line for line in text.splitlines() if not re.match(r"\s*(\||#|!\[|<|>)", line)]
    # A single word, such as a path, can't be wrapped.
    assert [line for line in prose if len(line) > 100 and " " in line.strip()[2:]] == []


@pytest.mark.parametrize("page", [page for page in WRAPPED if "decisions/" not in page])
def test_pages_use_plain_words(page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert re.findall(r"\b(?:whoever|whosoever|told of|tells of|lest)\b", text, re.IGNORECASE) == []


@pytest.mark.parametrize("page", [page for page in PAGES if "decisions/" not in page])
def test_files_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:faqbot|tests|tools|docs|benchmarks)/[\w./-]+)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_json_contract_is_described_whole() -> None:
    page = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
    engine = faqbot.load(ROOT / "knowledge", audience="employees")
    asked = ("is Docker mandatory for a python developer?", "which certifications?", "hello")
    keys = {key for question in asked for key in engine.ask(question).to_dict()}
    reasons = {reason for reason in _CONTRACT_REASONS.values() if reason}
    facts = {fact.kind for fact in (Requirement, Comparison, Lookup, NextStep)}
    facts |= {*DocumentForm, *UpkeepMatter}
    named = set(re.findall(r"`([\w-]+)`", page))
    assert keys | reasons | facts <= named


def test_statuses_of_the_endpoint_are_described() -> None:
    page = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    endpoint = (ROOT / "faqbot" / "slack" / "http_endpoint.py").read_text(encoding="utf-8")
    sent = set(re.findall(r"RequestRejected\((\d{3}),", endpoint))
    assert len(sent) >= 5
    assert sent <= set(re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE))


def test_code_map_names_every_part_of_the_package() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The code")[2]
    section = section.partition("\n## ")[0]
    named = set(re.findall(r"`(faqbot/[\w./]+)`", section))
    parts = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "faqbot").iterdir()
        if (path.is_dir() and path.name != "__pycache__") or path.suffix == ".py"
        if not path.name.startswith("__")
    }
    assert parts - named == {"faqbot/errors.py"}
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_generated_files_are_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
