"""The file that names the content of each workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.errors import ContentError
from faqbot.workspaces.config import WorkspaceConfig, WorkspacesFile, read_workspaces


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "workspaces.yaml"


def problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read_workspaces(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_workspace_has_the_content_that_the_file_names(path: Path) -> None:
    path.write_text(
        "workspaces:\n"
        "  T0AAAAAA: {knowledge: acme, owners: C0HIRING, speaks: questions}\n"
        '  E0ORG000: {knowledge: "git+https://git.example.com/hr.git#main"}\n'
        "  T0BBBBBB: {owners: U0ANNA000}\n"
    )
    file = WorkspacesFile(path)
    acme = WorkspaceConfig(str(path.parent / "acme"), "C0HIRING", "questions")
    assert file.config_of("T0AAAAAA") == acme
    assert file.config_of("T0AAAAAA", "E0ORG000") == acme  # its own before its organisation's
    assert file.config_of("T0OTHER0", "E0ORG000").knowledge.startswith("git+https://")
    assert file.config_of("T0BBBBBB") == WorkspaceConfig("", "U0ANNA000")
    assert file.config_of("T0NOBODY", "") == WorkspaceConfig()


def test_all_problems_are_reported_at_their_positions(path: Path) -> None:
    found = problems(
        path,
        "workspaces:\n"
        '  T0AAAAAA: {knowledge: "git+ftp://x", onwers: C0HIRING}\n'
        "  acme: {speaks: loud}\n"
        "  T0BBBBBB: 5\n"
        "  T0CCCCCC: {owners: Anna}\n"
        "extra: 1\n",
    )
    places = [line.partition(": ")[0] for line in found]
    assert places == ["2:25", "2:40", "3:3", "3:18", "4:13", "5:22", "6:1"]
    assert "did you mean `owners`?" in found[1]
    assert "no id of a workspace" in found[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one document"),
        ("- a\n", "has to start with `workspaces:`"),
        ("roles: {}\n", "this file needs `workspaces`"),
        ("workspaces: {}\n", "is empty"),
        ("workspaces: [\n", ""),
        ("workspaces: {T0AAAAAA: {knowledge: a}, T0AAAAAA: {knowledge: b}}\n", "is here twice"),
    ],
)
def test_empty_file_is_advice(path: Path, text: str, said: str) -> None:
    assert any(said in line for line in problems(path, text))


def test_missing_file_is_advice_that_names_the_setting(path: Path) -> None:
    with pytest.raises(ContentError, match="FAQBOT_WORKSPACES"):
        WorkspacesFile(path)


def test_changed_file_is_reloaded_and_an_invalid_one_is_not(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("workspaces: {T0AAAAAA: {knowledge: a}}\n")
    file = WorkspacesFile(path)
    assert not file.refresh()
    path.write_text("workspaces: {T0AAAAAA: {knowledge: other}}\n")
    assert file.refresh()
    path.write_text("workspaces: {T0AAAAAA: {knowlege: third}}\n")
    assert not file.refresh()
    assert "workspaces.yaml:1:25" in caplog.text
    assert file.config_of("T0AAAAAA").knowledge.endswith("/other")


def test_only_unshared_content_can_be_changed_from_a_workspace(path: Path) -> None:
    path.write_text(
        "workspaces:\n"
        "  T0ALONE0: {knowledge: alone}\n"
        "  T0SHARED: {knowledge: shared}\n"
        "  T0SHARE2: {knowledge: shared/}\n"
        "  T0OUTER0: {knowledge: outer}\n"
        "  T0INNER0: {knowledge: outer/inner}\n"
        "  T0GIT000: {knowledge: git+https://git.example.com/hr.git}\n"
        "  T0SAME00: {knowledge: common}\n"
        "  E0ORG000: {knowledge: org}\n"
    )
    file = WorkspacesFile(path)
    default = path.parent / "common"
    teams = "ALONE0 SHARED SHARE2 OUTER0 INNER0 GIT000 SAME00 NOBODY".split()
    assert [team for team in teams if file.owns(f"T0{team}", default)] == ["ALONE0"]
    assert not file.owns("E0ORG000", default)
