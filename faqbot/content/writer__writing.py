"""FAQs and phrasings that people proposed, written as authors write them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from faqbot.content.format__schema import TARGET
from faqbot.content.writer import dumped, faq_file, id_of, write_file
from faqbot.errors import UsageError
from faqbot.model import Faq, Library

FOLDER: Final = "proposals"
PHRASINGS: Final = "phrasings.yaml"
_SCHEMA: Final = f"../{TARGET.name}"


def key_for(question: str, role: str | None, library: Library) -> str:
    """An id for a question that no FAQ of the role (or general one) has yet."""
    taken = {faq.key for faq in library.faqs}
    if role:
        found = library.role(role)
        taken = {faq.key for faq in found.faqs} if found else set()
    return id_of(question.replace("{role}", " "), taken)


def write_faq(folder: Path, faq: Faq) -> Path:
    """Write an FAQ into a file of its own below `proposals/`; never over another one.

    Raises:
        UsageError: the folder can't be written to.
    """
    target = folder / FOLDER / f"{faq.role or 'general'}-{faq.key}.yaml"
    if target.exists():
        raise UsageError(f"{target} is there already: choose another question.")
    write_file(target, _written(faq))
    return target


def write_phrasing(folder: Path, entry_id: str, text: str) -> tuple[Path, str | None]:
    """Add a phrasing to the file of suggested ones; its path, and what it held before.

    Raises:
        UsageError: the folder can't be written to, or the file isn't what faqbot wrote.
    """
    target = folder / FOLDER / PHRASINGS
    before: str | None = None
    held: dict[str, list[str]] = {}
    try:
        if target.exists():
            before = target.read_text(encoding="utf-8")
            held = dict(yaml.safe_load(before)["phrasings"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{target} can't be added to: correct it with faqbot check.") from error
    texts = held.setdefault(entry_id, [])
    if text not in texts:
        texts.append(text)
    text = f"# yaml-language-server: $schema={_SCHEMA}\n{dumped({'phrasings': held})}"
    write_file(target, text, force=True)
    return target, before


def draft_of(question: str, role: str | None, library: Library) -> str:
    """A file with an FAQ whose answer is still to be written, as an author would start it."""
    key = key_for(question, role, library)
    answer = "Write the answer here, in Markdown."
    return _written(Faq(role, key, question, answer, phrasings=(question,)))


def _written(faq: Faq) -> str:
    return faq_file([faq], about=faq.role, schema=_SCHEMA)
