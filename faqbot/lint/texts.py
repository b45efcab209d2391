"""Rules about texts: what Slack can't show, what Markdown reads otherwise, what is hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.lint.findings import Finding, finding_at
from faqbot.model import Faq, KnowledgeBase, Role, Section, SensitiveMatter, SmallTalk

MIN_READING_EASE: Final = 10.0
"""Flesch reading ease below which a text is hard even for practised readers."""

MIN_WORDS: Final = 80
"""Words that a text needs for a meaningful reading ease."""

MAX_SENTENCE_WORDS: Final = 50
MAX_ANSWER_WORDS: Final = 350

_WORD: Final = re.compile(r"[A-Za-z']+")
_SENTENCE: Final = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_LINK_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def unsupported_markdown(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield text that Slack can't show, and links that aren't web addresses."""
    for entry, text in _texts(knowledge_base):
        seen: set[str] = set()
        for token in _tokens(_PARSER.parse(text)):
            element = _unsupported_element(token)
            if element and element not in seen:
                seen.add(element)
                yield finding_at(entry, "not-shown-in-slack", f"contains {element}")
            link = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if link and not link.startswith(_LINK_SCHEMES):
                yield finding_at(
                    entry, "dead-reference", f"links to {link}, which isn't a web address"
                )


_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_SLACK_SIGNS: Final = (
    (
        re.compile(r"<((?:https?://|mailto:)[^|>\s]+)\|([^>\n]+)>"),
        "a link as Slack writes it; write [{1}]({0})",
    ),
    (
        re.compile(r"<(?:[@#!])[^>\n]*>"),
        "a mention as Slack writes it; write the name, or a link to the person or channel",
    ),
    (
        re.compile(r"(?<![\w~])~(?=\S)[^~\n]+(?<=\S)~(?![\w~])"),
        "text struck out as Slack writes it; write ~~text~~",
    ),
    (re.compile(r"^\s*[•◦▪]\s", re.MULTILINE), "a point with •; begin each point with “- ”"),
)


def slack_markup(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield text that is written as one writes it in Slack, with how Markdown says it."""
    for entry, text in _texts(knowledge_base):
        plain = _CODE.sub(" ", text)
        for sign, advice in _SLACK_SIGNS:
            if found := sign.search(plain):
                said = found[0].strip()
                message = f"contains “{said}”, {advice.format(*found.groups())}"
                yield finding_at(entry, "slack-markup", message)
        # Between single stars text is bold in Slack, and italic in Markdown.
        tokens = list(_tokens(_PARSER.parse(text)))
        for token, inner in pairwise(tokens):
            if token.type == "em_open" and token.markup == "*":
                said = inner.content
                yield finding_at(
                    entry,
                    "slack-markup",
                    f"contains “*{said}*”, which is italic in Markdown; write **{said}** for bold, "
                    f"or _{said}_",
                )
                break


_PLACEHOLDER: Final = re.compile(
    r"\{+\s*(?:the\s)?(?:job[\s_-]?)?(?:role|title)s?\s*\}+", re.IGNORECASE
)


def strange_placeholders(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield what looks like `{role}` and would be shown as it is."""
    for entry in knowledge_base.entries():
        if isinstance(entry, Role):
            continue
        texts = [*_texts_of(entry)]
        texts += [entry.title] if isinstance(entry, Section) else [entry.question]
        # In texts the loader has filled in what is right; in phrasings it still stands there.
        wrong = [
            found[0] for text in texts for found in _PLACEHOLDER.finditer(_CODE.sub(" ", text))
        ]
        for phrasing in entry.phrasings:
            found = [one[0] for one in _PLACEHOLDER.finditer(phrasing)]
            wrong += [one for one in found if one != "{role}" or entry.role is None]
        role = knowledge_base.role(entry.role)
        # The loader has filled in the inner braces of {{role}}.
        if role and any(f"{{{role.title}}}" in text for text in texts):
            wrong.append("{{role}}")
        for said in dict.fromkeys(wrong):
            meant = (
                "write {role}, which stands for the title"
                if entry.role
                else "a general FAQ has no role: write what you mean"
            )
            yield finding_at(entry, "strange-placeholder", f"contains {said}; {meant}")


def hard_to_read(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield English text that is hard to read, and very long sentences and answers."""
    for entry, text in _texts(knowledge_base):
        words = _WORD.findall(text)
        longest = max((len(_WORD.findall(one)) for one in _SENTENCE.split(text)), default=0)
        if longest > MAX_SENTENCE_WORDS:
            yield finding_at(entry, "too-long", f"has a sentence of {longest} words")
        if isinstance(entry, Faq) and len(words) > MAX_ANSWER_WORDS:
            yield finding_at(entry, "too-long", f"answers with {len(words)} words")
        # Flesch fitted the formula to English; its figures mean nothing for other languages.
        if len(words) >= MIN_WORDS and _is_english(words):
            ease = reading_ease(text)
            if ease < MIN_READING_EASE:
                yield finding_at(entry, "hard-to-read", f"has a Flesch reading ease of {ease:.0f}")


def reading_ease(text: str) -> float:
    """Return the Flesch reading ease of an English text: 100 is easy, 30 hard, 10 very hard.

    See Flesch, “A new readability yardstick”, Journal of Applied Psychology 32 (1948). Syllables
    are counted as groups of vowels.
    """
    words = _WORD.findall(text.lower())
    sentences = sum(1 for one in _SENTENCE.split(text) if _WORD.search(one))
    if not words or not sentences:
        return 100.0
    syllables = sum(_syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _syllables(word: str) -> int:
    silent = word.endswith("e") and not word.endswith(("le", "ee"))
    return max(1, len(_VOWELS.findall(word)) - silent)


def _is_english(words: list[str]) -> bool:
    common = {"the", "and", "of", "to", "in", "a", "is", "for", "or", "with"}
    return sum(word.lower() in common for word in words) / len(words) > 0.1  # noqa: PLR2004 - a tenth


def _texts(
    knowledge_base: KnowledgeBase,
) -> Iterator[tuple[Section | Faq | SmallTalk | SensitiveMatter, str]]:
    said = knowledge_base.conversation
    parts: list[SmallTalk | SensitiveMatter] = [*said.small_talk, *said.matters]
    for part in parts:
        if part.reply:
            yield part, part.reply
    for entry in knowledge_base.entries():
        if not isinstance(entry, Role):
            for text in _texts_of(entry):
                yield entry, text


def _texts_of(entry: Section | Faq) -> Iterator[str]:
    if isinstance(entry, Faq):
        yield entry.answer
        return
    yield from filter(None, (entry.text, *entry.items, *entry.required, *entry.preferred))


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _unsupported_element(token: Token) -> str:
    match token.type:
        case "image":
            return "an image"
        case "html_block" | "html_inline":
            return f"HTML ({token.content.strip()[:40]})"
        case "table_open":
            return "a table"
        case _:
            return ""
