"""FAQs and phrasings that people proposed, written as authors write them."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from pathlib import Path
from typing import Final

import yaml

from faqbot.content.schema import TARGET
from faqbot.errors import UsageError
from faqbot.model import Faq, Library

FOLDER: Final = "proposals"
PHRASINGS: Final = "phrasings.yaml"
_LONGEST: Final = 60
_HEAD: Final = f"# yaml-language-server: $schema=../{TARGET.name}\n"


def key_for(question: str, role: str | None, library: Library) -> str:
    """An id for a question that no FAQ of the role (or general one) has yet."""
    plain = unicodedata.normalize("NFKD", question).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("{role}", " ").replace("'", ""))
    key = "-".join(words)[: _LONGEST - 4].strip("-") or "question"
    taken = {faq.key for faq in library.faqs}
    if role:
        found = library.role(role)
        taken = {faq.key for faq in found.faqs} if found else set()
    number = 1
    unique = key
    while unique in taken:
        number += 1
        unique = f"{key}-{number}"
    return unique


def write_faq(folder: Path, faq: Faq) -> Path:
    """Write an FAQ into a file of its own below `proposals/`; never over another one.

    Raises:
        UsageError: the folder can't be written to.
    """
    text = _written(faq)
    target = folder / FOLDER / f"{faq.role or 'general'}-{faq.key}.yaml"
    if target.exists():
        raise UsageError(f"{target} is there already: choose another question.")
    _put(target, text)
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
    _put(target, _HEAD + _dumped({"phrasings": held}))
    return target, before


def _put(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        target.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(target)
    except OSError as error:
        raise UsageError(
            f"Can't write {target} ({error.strerror or error}): name a content folder that faqbot "
            "may write to in FAQBOT_KNOWLEDGE."
        ) from error


def draft_of(question: str, role: str | None, library: Library) -> str:
    """A file with an FAQ whose answer is still to be written, as an author would start it."""
    key = key_for(question, role, library)
    answer = "Write the answer here, in Markdown."
    return _written(Faq(role, key, question, answer, phrasings=(question,)))


def _written(faq: Faq) -> str:
    entry: dict[str, object] = {"id": faq.key, "question": faq.question}
    if faq.phrasings:
        entry["phrasings"] = list(faq.phrasings)
    entry |= {"answer": faq.answer, "audience": faq.audience.value}
    if faq.reviewed:
        entry["reviewed"] = faq.reviewed
    content: dict[str, object] = {"about": faq.role} if faq.role else {}
    content["faqs"] = [entry]
    return _HEAD + _dumped(content)


def _dumped(content: dict[str, object] | dict[str, dict[str, list[str]]]) -> str:
    return str(yaml.dump(content, Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=100))


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines as blocks, as authors do."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Blocks.add_representer(str, _text)
