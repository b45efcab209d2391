"""What a release needs: one version everywhere, workflows that call what exists, the README."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

import faqbot

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize(
    "name",
    [
        "deploy/Dockerfile",
        "deploy/compose.yaml",
        "deploy/kubernetes.yaml",
        "docs/examples/github-action.yml",
        "docs/examples/pre-commit-config.yaml",
    ],
)
def test_files_that_name_the_version_name_this_one(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"(?:faqbot:|faqbot@v|rev: v)(\d+\.\d+\.\d+)", text)
    assert named
    assert set(named) == {faqbot.__version__}


def test_changelog_has_this_version_with_a_date() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    dated = re.findall(r"^## \[(.+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert dated[0] == faqbot.__version__


def test_workflows_call_targets_and_scripts_that_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for workflow in WORKFLOWS:
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}, workflow.name
        for called in re.findall(r"^\s+- run: make (.+)$", text, re.MULTILINE):
            assert set(called.split()) <= targets, workflow.name
        for script in re.findall(r"^\s+- run: (\.?[\w/-]+/[\w-]+)", text, re.MULTILINE):
            assert (ROOT / script).is_file(), workflow.name


def test_release_page_names_workflows_that_exist() -> None:
    text = (ROOT / "RELEASING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\.yml)`", text))
    assert {"publish.yml", "image.yml"} <= named <= {path.name for path in WORKFLOWS}


def test_no_example_installs_a_name_from_an_index() -> None:
    # Nobody owns it there yet: whoever registers it would run in the reader's repository.
    for example in (ROOT / "docs" / "examples").iterdir():
        assert not re.search(r"install (?:['\"]?)faqbot(?! @)", example.read_text("utf-8"))


def readme(urls: dict[str, str]) -> str:
    """The README as an index shows it."""
    hook: Any = runpy.run_path(str(ROOT / "hatch_build.py"))["ReadmeHook"](str(ROOT), {})
    metadata: dict[str, Any] = {"urls": urls}
    hook.update(metadata)
    assert metadata["readme"]["content-type"] == "text/markdown"
    return str(metadata["readme"]["text"])


def test_links_of_the_readme_lead_to_the_repository_where_it_has_no_files_beside_it() -> None:
    at = f"https://git.example.com/faqbot/{{}}/v{faqbot.__version__}"
    text = readme({"Repository": "https://git.example.com/faqbot"})
    assert f"({at.format('raw')}/docs/images/channel.png)" in text
    assert f"({at.format('blob')}/LICENSE)" in text
    assert re.findall(r"\]\((?!https?:)", text) == []


def test_readme_without_a_repository_has_no_broken_links_and_pictures() -> None:
    text = readme({})
    assert "![" not in text
    assert re.findall(r"\]\((?!https?:)", text) == []
    assert "Create the Slack app has each step" in text


def linked(page: str, repository: str) -> str:
    """A page as the site shows it."""
    conf: Any = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    source = [(ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")]
    function = conf["link_repository"]
    function.__globals__["REPOSITORY"] = repository
    function(None, page, source)
    return source[0]


def test_site_links_files_of_the_repository_at_the_tag_of_its_version() -> None:
    text = linked("explanation/security", "https://git.example.com/faqbot")
    at = f"https://git.example.com/faqbot/blob/v{faqbot.__version__}"
    assert f"[SECURITY.md]({at}/SECURITY.md)" in text
    assert "(../how-to/owners/who-may-act.md)" in text


def test_site_names_files_of_the_repository_while_it_has_no_address() -> None:
    text = linked("explanation/security", "")
    assert "see SECURITY.md." in text
    assert "tools/fuzz (`tools/fuzz/README.md`)" in text


def test_site_has_the_changelog_and_the_page_for_contributors() -> None:
    assert "## [0.1.0]" in linked("changelog", "")
    assert "(decisions/0018-extras.md)" in linked("contributing", "")
    assert "(../../changelog.md)" in linked("how-to/operators/upgrade", "")
