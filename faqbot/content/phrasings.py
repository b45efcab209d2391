"""Phrasings added to content: to the file of accepted suggestions, and to files of authors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from faqbot.content.writer import PROPOSALS_FOLDER, SCHEMA_ABOVE, dump_yaml, write_file
from faqbot.content.yaml_edits import edit_document
from faqbot.content.yaml_values import compose, plain_value
from faqbot.errors import UsageError

PHRASINGS_FILE: Final = "phrasings.yaml"


def write_phrasing(folder: Path, entry_id: str, text: str) -> tuple[Path, str | None]:
    """Add a phrasing to the file of accepted suggestions.

    Returns:
        The path of the file, and its text before; None if it is new.

    Raises:
        UsageError: The folder can't be written to, or the file isn't a file of phrasings.
    """
    target = folder / PROPOSALS_FOLDER / PHRASINGS_FILE
    before: str | None = None
    phrasings: dict[str, list[str]] = {}
    try:
        if target.exists():
            before = target.read_text(encoding="utf-8")
            phrasings = dict(yaml.safe_load(before)["phrasings"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{target} can't be added to: correct it with faqbot check.") from error
    texts = phrasings.setdefault(entry_id, [])
    if text not in texts:
        texts.append(text)
    text = f"# yaml-language-server: $schema={SCHEMA_ABOVE}\n{dump_yaml({'phrasings': phrasings})}"
    write_file(target, text, force=True)
    return target, before


def add_phrasings(text: str, more: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a content file with phrasings added.

    Args:
        text: the text of the file.
        more: phrasings by the id of a section or an FAQ; those of other files are ignored.

    Raises:
        UsageError: as edit_document.
    """
    for number, root in enumerate(compose(text)):
        if isinstance(root, yaml.MappingNode):
            text = edit_document(text, number, _document(plain_value(root), more))
    return text


def _document(document: dict[str, Any], more: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a role or a file of FAQs with phrasings added."""
    role = document.get("role")
    about = role or document.get("about")
    changed = dict(document)
    if "faqs" in document:
        before = f"{about}/faq" if about else "faq"
        changed["faqs"] = [
            _entry(faq, more.get(f"{before}/{faq['id']}", ()), after="question")
            for faq in document["faqs"]
        ]
    if "sections" in document:
        changed["sections"] = {
            key: _entry(section, more.get(f"{role}/{key}", ()), after="title")
            for key, section in document["sections"].items()
        }
    return changed


def _entry(entry: Any, texts: Iterable[str], after: str) -> Any:
    """Return a section or an FAQ with phrasings added; the first ones stand behind a key."""
    whole: dict[str, Any] = entry
    if not isinstance(entry, dict):  # the short form of a text or a list
        whole = {"text" if isinstance(entry, str) else "items": entry}
    known = whole.get("phrasings", [])
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    if not missing:
        return entry
    if known:
        return whole | {"phrasings": [*known, *missing]}
    parts = list(whole.items())
    place = list(whole).index(after) + 1 if after in whole else 0
    return dict([*parts[:place], ("phrasings", missing), *parts[place:]])
