"""Intent sets: CSV files of sentences with labels, each label standing for one general FAQ."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faqbot.errors import UsageError
from faqbot.evaluation.datasets import Expect, Labelled, unreadable
from faqbot.model import Faq, Library


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the label of its intent."""

    text: str
    label: str


def read_sentences(path: Path, text_column: str, label_column: str) -> list[Sentence]:
    """The sentences of a CSV file with a header.

    Raises:
        UsageError: the file can't be read, lacks a column, or has a row without text or label.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = _sentences(path, csv.DictReader(stream), text_column, label_column)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(unreadable(path, error)) from error
    except csv.Error as error:
        raise UsageError(f"{path} can't be read as CSV: {error}. Write it as UTF-8 CSV.") from error
    if not found:
        raise UsageError(f"{path} holds no sentences. It needs a header and a row for each.")
    return found


def _sentences(
    path: Path, rows: csv.DictReader[str], text_column: str, label_column: str
) -> list[Sentence]:
    there = list(rows.fieldnames or ())
    for name, option in ((text_column, "--text-column"), (label_column, "--label-column")):
        if there and name not in there:
            names = ", ".join(map(repr, there))
            raise UsageError(f"{path} has no column {name!r}, only {names}. Set {option}.")
    found = []
    for row in rows:
        text, label = (row[column] or "" for column in (text_column, label_column))
        if not text.strip() or not label.strip():
            lacking = label_column if text.strip() else text_column
            raise UsageError(f"{path}:{rows.line_num}: no {lacking}. Fill it in or drop the row.")
        found.append(Sentence(text, label.strip()))
    return found


def library_of(train: Iterable[Sentence], none_label: str | None = None) -> Library:
    """Content with a general FAQ for each label: its first sentence asks, the rest rephrase.

    Raises:
        UsageError: every sentence has the label that stands for no answer.
    """
    by_label: dict[str, list[str]] = {}
    for sentence in train:
        if sentence.label != none_label:
            by_label.setdefault(sentence.label, []).append(sentence.text)
    if not by_label:
        raise UsageError("No training sentence has an answer: all have the label of --none-label.")
    return Library(
        faqs=tuple(
            Faq(role=None, key=label, question=texts[0], answer=label, phrasings=tuple(texts[1:]))
            for label, texts in by_label.items()
        )
    )


def questions_of(test: Sequence[Sentence], library: Library) -> list[Labelled]:
    """The sentences as questions; those whose label the content lacks are out of scope.

    Raises:
        UsageError: no sentence is in scope.
    """
    ids = {faq.key: faq.id for faq in library.faqs}
    questions = [
        Labelled(sentence.text, Expect.ANSWER, (ids[sentence.label],))
        if sentence.label in ids
        else Labelled(sentence.text, Expect.DECLINE)
        for sentence in test
    ]
    if all(question.expect is Expect.DECLINE for question in questions):
        raise UsageError(
            "No test sentence has a label of the training file, so nothing is in scope. "
            "Check that both files are of the same set, and --label-column."
        )
    return questions


def unseen_labels(
    test: Iterable[Sentence], library: Library, none_label: str | None
) -> tuple[str, ...]:
    """Labels of the test file that neither the training file nor `none_label` accounts for."""
    known = {faq.key for faq in library.faqs} | {none_label}
    return tuple(dict.fromkeys(one.label for one in test if one.label not in known))
