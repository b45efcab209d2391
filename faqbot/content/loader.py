"""Load a folder of YAML files into a `KnowledgeBase`, or report everything wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from faqbot.content.conversation import (
    TOP_KEYS,
    ConversationFile,
    build_conversation,
    check_conversations,
    joined,
)
from faqbot.content.defaults import load_common_sections, load_conversations
from faqbot.content.files import content_files, decode, read_bytes
from faqbot.content.format import (
    FaqFile,
    FaqPart,
    NamesFile,
    PhrasingFile,
    RoleFile,
    field_keys,
)
from faqbot.content.git import content_version
from faqbot.content.problems import advise, check_references
from faqbot.content.sections import STANDARD_SECTIONS, SectionPart
from faqbot.content.yaml_tree import Loc, YamlDocument, parse
from faqbot.errors import ContentError, Problem, nearest, printable, quoted
from faqbot.model import Audience, Faq, KnowledgeBase, Origin, Role, Section, Years


def fill_title(text: str, title: str) -> str:
    """Return the text with the role's title in place of `{role}`."""
    return text.replace("{role}", title)


def build_role(document: YamlDocument, file: RoleFile) -> Role:
    """Return the role that a file describes."""
    named = Role(file.role, file.title)
    return Role(
        id=file.role,
        title=file.title,
        aliases=file.aliases,
        family=file.family,
        onet=file.onet,
        owner=file.owner,
        reviewed=file.reviewed,
        review_every=file.review_every,
        related=file.related,
        next_roles=file.next_roles,
        sections=tuple(
            _build_section(document, file, key, part)
            for key, part in file.sections.written().items()
        ),
        faqs=tuple(
            _build_faq(part, _origin(document, ("faqs", index)), named)
            for index, part in enumerate(file.faqs)
        ),
        origin=_origin(document, ("role",), key=True),
    )


def build_faqs(document: YamlDocument, file: FaqFile, role: Role | None = None) -> tuple[Faq, ...]:
    """Return the FAQs of a file: general ones, or those of a role."""
    return tuple(
        _build_faq(part, _origin(document, ("faqs", index)), role)
        for index, part in enumerate(file.faqs)
    )


def _build_section(document: YamlDocument, file: RoleFile, key: str, part: SectionPart) -> Section:
    def filled(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fill_title(text, file.title) for text in texts)

    years = part.years
    title = fill_title(part.title or STANDARD_SECTIONS[key], file.title)
    topics: tuple[str, ...] = ()
    if key not in STANDARD_SECTIONS:
        topics = load_common_sections().topics_of_heading(title, file.title)
    return Section(
        role=file.role,
        key=key,
        title=title,
        text=fill_title(part.text, file.title),
        items=filled(part.items),
        required=filled(part.required),
        preferred=filled(part.preferred),
        years=Years(years.min, years.max) if years else None,
        phrasings=part.phrasings,
        topics=topics,
        origin=_origin(document, ("sections", key), key=True),
    )


def _build_faq(part: FaqPart, origin: Origin, role: Role | None) -> Faq:
    return Faq(
        role=role.id if role else None,
        key=part.id,
        question=fill_title(part.question, role.title) if role else part.question,
        answer=fill_title(part.answer, role.title) if role else part.answer,
        phrasings=part.phrasings,
        audience=Audience(part.audience),
        matches=part.matches,
        rejects=part.rejects,
        owner=part.owner,
        reviewed=part.reviewed,
        review_every=part.review_every,
        example=part.example,
        topics=load_common_sections().topics_of_questions(
            (part.question, *part.phrasings), role.title if role else ""
        ),
        origin=origin,
    )


def _origin(document: YamlDocument, loc: Loc, *, key: bool = False) -> Origin:
    return Origin(document.path, document.at(loc, key=key).line)


def check_phrasing_ids(
    files: Iterable[tuple[YamlDocument, PhrasingFile]], knowledge_base: KnowledgeBase
) -> Iterator[Problem]:
    """Report each id in files of phrasings that names neither a section nor an FAQ."""
    known = [entry.id for entry in knowledge_base.entries() if entry.kind != "role"]
    for document, file in files:
        for entry_id in file.phrasings:
            if entry_id not in known:
                near = nearest(entry_id, known)
                guess = f"did you mean `{near}`?" if near else "name a section or an FAQ"
                message = f"no entry has the id {quoted(entry_id)}; {guess}"
                yield document.problem(("phrasings", entry_id), message, key=True)


def with_phrasing_files(
    knowledge_base: KnowledgeBase, files: Sequence[PhrasingFile]
) -> KnowledgeBase:
    """Return the knowledge base with the phrasings of these files added to its entries."""
    more: dict[str, tuple[str, ...]] = {}
    for file in files:
        for entry_id, texts in file.phrasings.items():
            more[entry_id] = (*more.get(entry_id, ()), *texts)
    return with_phrasings(knowledge_base, more)


def with_phrasings(
    knowledge_base: KnowledgeBase, more: Mapping[str, Sequence[str]]
) -> KnowledgeBase:
    """Return the knowledge base with more phrasings, given by the id of their entries."""
    if not more:
        return knowledge_base
    return replace(
        knowledge_base,
        roles=tuple(_role_with_phrasings(role, more) for role in knowledge_base.roles),
        faqs=tuple(
            replace(faq, phrasings=(*faq.phrasings, *more.get(faq.id, ())))
            for faq in knowledge_base.faqs
        ),
    )


def _role_with_phrasings(role: Role, more: Mapping[str, Sequence[str]]) -> Role:
    return replace(
        role,
        sections=tuple(
            replace(section, phrasings=(*section.phrasings, *more.get(section.id, ())))
            for section in role.sections
        ),
        faqs=tuple(
            replace(faq, phrasings=(*faq.phrasings, *more.get(faq.id, ()))) for faq in role.faqs
        ),
    )


_ROLE_LINE: Final = re.compile(rb"^role: *[\"']?([a-z0-9-]+)", re.MULTILINE)
_TOP_KEYS: Final = ("role", "faqs", "phrasings", "other_names", *TOP_KEYS)


@dataclass
class _FolderContent:
    """Content of a folder while its files are read.

    `unread_roles` are ids of roles in files that can't be parsed: references to them are not
    unknown.
    """

    documents: list[YamlDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    unread_roles: set[str] = field(default_factory=set)


def load_knowledge_base(folder: Path) -> KnowledgeBase:
    """Load all content below a folder.

    Raises:
        UsageError: The folder is missing, not a folder, unreadable or without content.
        ContentError: The files have problems; it contains every problem of every file.
    """
    knowledge_base, problems = check_folder(folder)
    if knowledge_base is None:
        raise ContentError(problems)
    return knowledge_base


def check_folder(folder: Path) -> tuple[KnowledgeBase | None, tuple[Problem, ...]]:
    """Load all content below a folder; returns None and all problems if there are any.

    Raises:
        UsageError: The folder is missing, not a folder, unreadable or without content.
    """
    content = _read_folder(folder)
    parts = _ReadContent()
    for document in content.documents:
        try:
            parts.add(document)
        except ValidationError as error:
            content.problems += advise(document, error)
    content.problems += check_references(content.documents, frozenset(content.unread_roles))
    if parts.conversations:
        content.problems += check_conversations(parts.conversations, load_conversations())
    knowledge_base = KnowledgeBase(
        tuple(_with_faqs(role, parts.about) for role in parts.roles),
        tuple(parts.faqs),
        content_version(folder, content.files),
        tuple(parts.names),
        joined(build_conversation(document, file) for document, file in parts.conversations),
    )
    if not content.problems:
        # Entries with problems are missing here: their phrasings would seem to be for none.
        content.problems += check_phrasing_ids(parts.phrasings, knowledge_base)
    if content.problems:
        return None, tuple(_first_per_position(content.problems))
    return with_phrasing_files(knowledge_base, [file for _, file in parts.phrasings]), ()


def check_text(text: str, path: str) -> tuple[Problem, ...]:
    """Return the problems that a file with this text has by itself.

    What it says of other files isn't checked, such as the ids of related roles.
    """
    content = _FolderContent()
    _read_documents(text.encode(), path, content)
    for document in content.documents:
        try:
            _ReadContent().add(document)
        except ValidationError as error:
            content.problems += advise(document, error)
    return tuple(content.problems)


@dataclass
class _ReadContent:
    """What the documents of a folder hold."""

    roles: list[Role] = field(default_factory=list)
    faqs: list[Faq] = field(default_factory=list)
    about: list[tuple[YamlDocument, FaqFile]] = field(default_factory=list)
    phrasings: list[tuple[YamlDocument, PhrasingFile]] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=list)
    conversations: list[tuple[YamlDocument, ConversationFile]] = field(default_factory=list)

    def add(self, document: YamlDocument) -> None:
        """Add a document by its top key.

        Raises:
            ValidationError: the document has problems.
        """
        value = document.value
        if "role" in value:
            self.roles.append(build_role(document, RoleFile.model_validate(value)))
        elif "phrasings" in value:
            self.phrasings.append((document, PhrasingFile.model_validate(value)))
        elif "other_names" in value:
            things = NamesFile.model_validate(value).other_names
            self.names += [(thing, *others) for thing, others in things.items()]
        elif "faqs" not in value:
            self.conversations.append((document, ConversationFile.model_validate(value)))
        else:
            file = FaqFile.model_validate(value)
            if file.about:
                self.about.append((document, file))
            else:
                self.faqs += build_faqs(document, file)


def _with_faqs(role: Role, files: Iterable[tuple[YamlDocument, FaqFile]]) -> Role:
    """Return the role with the FAQs of files whose `about` names it."""
    own = [
        faq
        for document, file in files
        if file.about == role.id
        for faq in build_faqs(document, file, role)
    ]
    return replace(role, faqs=(*role.faqs, *own)) if own else role


def _read_folder(folder: Path) -> _FolderContent:
    content = _FolderContent()
    for path in content_files(folder):
        display_path = printable(os.fsencode(path).decode("utf-8", "replace"))
        raw = read_bytes(path, display_path)
        if isinstance(raw, Problem):
            content.problems.append(raw)
            continue
        content.files[path.relative_to(folder).as_posix()] = raw
        if not _read_documents(raw, display_path, content):
            # By a pattern, as the YAML is broken: references to these roles are no problems.
            content.unread_roles |= {name.decode() for name in _ROLE_LINE.findall(raw)}
    return content


def _read_documents(raw: bytes, display_path: str, content: _FolderContent) -> bool:
    """Add the documents of one file. Returns whether all of it could be parsed."""
    decoded = decode(raw, display_path)
    content.problems += decoded.problems
    if decoded.text is None:
        return False
    documents, problems = parse(decoded.text, display_path)
    content.problems += problems
    if not documents and not problems:
        content.problems.append(
            Problem(display_path, 1, 1, "is empty; write a role or FAQs, or delete it")
        )
    for document in documents:
        problem = _check_top_keys(document)
        if problem:
            content.problems.append(problem)
        else:
            content.documents.append(document)
    return not problems


def _check_top_keys(document: YamlDocument) -> Problem | None:
    """Return a problem if a document is none of the kinds of file that content consists of."""
    value = document.value
    if value is None:
        return document.problem((), "is empty; write a role or FAQs, or delete it")
    if not isinstance(value, dict):
        return document.problem((), "needs keys with values; start it with `role:` or `faqs:`")
    if any(key in value for key in _TOP_KEYS):
        return None
    for key in value:
        near = nearest(key, _TOP_KEYS)
        if near:
            message = f"{quoted(key)} is not a key of a file; did you mean `{near}`?"
            return document.problem((key,), message, key=True)
    known = set(field_keys(RoleFile)) & set(value)
    hint = "this looks like a role: add `role:` with its id" if known else ""
    message = f"needs `role:` or `faqs:` as a top key{'; ' + hint if hint else ''}"
    return document.problem((), message)


def _first_per_position(problems: list[Problem]) -> Iterator[Problem]:
    """Return the problems in reading order; of those at one position, only the first found."""
    positions = set()
    kept = []
    for problem in problems:
        position = (problem.path, problem.line, problem.column)
        if position not in positions:
            positions.add(position)
            kept.append(problem)
    return iter(sorted(kept))
