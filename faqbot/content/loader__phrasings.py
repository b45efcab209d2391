"""Phrasings that stand apart from their entries, such as those that people suggested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from faqbot.content.format import PhrasingFile
from faqbot.content.yaml_tree import Document
from faqbot.errors import Problem
from faqbot.errors__wording import nearest, quoted
from faqbot.model import Library, Role


def unknown_entries(
    files: Iterable[tuple[Document, PhrasingFile]], library: Library
) -> Iterator[Problem]:
    """A problem for each id that names no section and no FAQ."""
    known = [entry.id for entry in library.entries() if entry.kind != "role"]
    for document, file in files:
        for entry_id in file.phrasings:
            if entry_id not in known:
                near = nearest(entry_id, known)
                guess = f"did you mean `{near}`?" if near else "name a section or an FAQ"
                message = f"no entry has the id {quoted(entry_id)}; {guess}"
                yield document.problem(("phrasings", entry_id), message, key=True)


def with_phrasings(library: Library, files: Sequence[PhrasingFile]) -> Library:
    """The library with the phrasings of such files added to their entries."""
    more: dict[str, tuple[str, ...]] = {}
    for file in files:
        for entry_id, texts in file.phrasings.items():
            more[entry_id] = (*more.get(entry_id, ()), *texts)
    return phrased(library, more)


def phrased(library: Library, more: Mapping[str, Sequence[str]]) -> Library:
    """The library with more phrasings, by the id of their entries."""
    if not more:
        return library
    return replace(
        library,
        roles=tuple(_role(role, more) for role in library.roles),
        faqs=tuple(
            replace(faq, phrasings=(*faq.phrasings, *more.get(faq.id, ()))) for faq in library.faqs
        ),
    )


def _role(role: Role, more: Mapping[str, Sequence[str]]) -> Role:
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
