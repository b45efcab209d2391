"""The file that names content for each workspace, by the id of its team or organisation.

It reads `workspaces: {T0123ABC: {knowledge: acme, owners: C0HIRING, speaks: questions}}`; each key
of a workspace may be left out, and a folder is relative to the file.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field, ValidationError

from faqbot.content.fields import ContentModel, Text
from faqbot.content.files import decode, read_bytes
from faqbot.content.format import field_keys
from faqbot.content.git import PREFIX, git_source
from faqbot.content.problems import advise
from faqbot.content.yaml_tree import Loc, YamlDocument, parse
from faqbot.errors import ContentError, Problem, UsageError, printable, quoted

_WORKSPACE_ID: Final = re.compile(r"[TE][A-Z0-9]{2,29}")
_SLACK_ID: Final = re.compile(r"[CGUDW][A-Z0-9]{2,29}")

_log = logging.getLogger(__name__)


class WorkspacePart(ContentModel):
    """A workspace in the file."""

    knowledge: Text | None = None
    owners: Text | None = None
    speaks: Literal["off", "only-mentions", "mentions", "questions", "all"] | None = None


class WorkspacesPart(ContentModel):
    """The whole file."""

    workspaces: dict[str, WorkspacePart] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class WorkspaceConfig:
    """Configuration of a workspace; an empty value leaves it to the settings.

    `knowledge` is an absolute folder or a git address, `owners` the channel or person for owners
    whom Slack doesn't know, `speaks` the mode of channels without settings.
    """

    knowledge: str = ""
    owners: str = ""
    speaks: str = ""


NO_CONFIG: Final = WorkspaceConfig()


class WorkspacesFile:
    """The file that configures workspaces, as it was last read.

    Args:
        path: the file.

    Raises:
        ContentError: the file has problems; the error lists all of them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _file_state(path)
        self._configs = read_workspaces(path)

    def config_of(self, team: str, enterprise: str = "") -> WorkspaceConfig:
        """Return the configuration of a workspace: of its own id, else of its organisation's."""
        found = self._configs.get(team) or self._configs.get(enterprise)
        return found or NO_CONFIG

    def owns(self, team: str, default: Path) -> bool:
        """Whether only one workspace uses its folder, so that its owners may change the content.

        Content from git is changed there, and the content of an organisation is shared.
        """
        own = self._configs.get(team, NO_CONFIG).knowledge
        if not own or own.startswith(PREFIX) or not team.startswith("T"):
            return False
        others = [each.knowledge for name, each in self._configs.items() if name != team]
        folders = [Path(each) for each in others if each and not each.startswith(PREFIX)]
        # Two names may lead to one folder.
        return not any(
            _overlap(Path(own).resolve(), other.resolve()) for other in (*folders, default)
        )

    def refresh(self) -> bool:
        """Reload the file if it changed. Returns whether it did; an invalid file is ignored."""
        state = _file_state(self._path)
        if state == self._state:
            return False
        self._state = state
        try:
            assigned = read_workspaces(self._path)
        except ContentError as error:
            _log.warning(
                "the changed file of workspaces has %d problem(s) and is not used; the first: %s",
                len(error.problems),
                error.problems[0],
            )
            return False
        changed = assigned != self._configs
        self._configs = assigned
        return changed


def read_workspaces(path: Path) -> Mapping[str, WorkspaceConfig]:
    """Read a file. Returns the configuration of each workspace, by team or enterprise id.

    Raises:
        ContentError: the file has problems; the error lists all of them.
    """
    shown = printable(os.fsencode(path).decode("utf-8", "replace"))
    raw = read_bytes(path, shown)
    if isinstance(raw, Problem):
        missing = Problem(shown, 1, 1, "there is no such file; check FAQBOT_WORKSPACES")
        raise ContentError([raw if path.exists() else missing])
    decoded = decode(raw, shown)
    if decoded.text is None:
        raise ContentError(decoded.problems)
    documents, problems = parse(decoded.text, shown)
    if not problems and len(documents) != 1:
        problems.append(Problem(shown, 1, 1, "has to be one document that starts `workspaces:`"))
    if problems:
        raise ContentError(problems)
    return MappingProxyType(_configs_of(documents[0], path.absolute().parent))


def _configs_of(document: YamlDocument, base: Path) -> dict[str, WorkspaceConfig]:
    problems: list[Problem] = []
    file: WorkspacesPart | None = None
    if not isinstance(document.value, dict):
        raise ContentError([document.problem((), "has to start with `workspaces:`")])
    try:
        file = WorkspacesPart.model_validate(document.value)
    except ValidationError as error:
        problems += advise(document, error, _part)
    problems += _id_problems(document)
    if file is None or problems:
        raise ContentError(problems)
    return {
        workspace: WorkspaceConfig(
            _content_address(part.knowledge, base), part.owners or "", part.speaks or ""
        )
        for workspace, part in file.workspaces.items()
    }


def _content_address(knowledge: str | None, base: Path) -> str:
    if not knowledge or knowledge.startswith(PREFIX):
        return knowledge or ""
    # Links stay in it: `current -> releases/7` leads to another folder after the next release.
    return os.path.abspath(base / Path(knowledge).expanduser())  # noqa: PTH100


def _overlap(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


def _id_problems(document: YamlDocument) -> Iterator[Problem]:
    """Yield the problems of ids and addresses."""
    workspaces = document.value.get("workspaces")
    for workspace, part in workspaces.items() if isinstance(workspaces, dict) else ():
        loc = ("workspaces", workspace)
        if not _WORKSPACE_ID.fullmatch(workspace):
            message = f"{quoted(workspace)} is no id of a workspace; write it as in `T0123ABCD`"
            yield document.problem(loc, message, key=True)
        if not isinstance(part, dict):
            continue
        knowledge, owners = part.get("knowledge"), part.get("owners")
        if isinstance(knowledge, str) and knowledge.startswith(PREFIX):
            try:
                git_source(knowledge, Path())
            except UsageError as error:
                yield document.problem((*loc, "knowledge"), str(error))
        if isinstance(owners, str) and not _SLACK_ID.fullmatch(owners.strip()):
            message = "`owners` has to be the id of a channel or a person, as in `C0123ABCD`"
            yield document.problem((*loc, "owners"), message)


def _part(loc: Loc) -> tuple[str, tuple[str, ...]]:
    if not loc:
        return "this file", field_keys(WorkspacesPart)
    return "a workspace", field_keys(WorkspacePart)


def _file_state(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino
