"""Folders of two FAQs each, with a paraphrase of each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TinyFaq:
    """An FAQ as an author writes it, and how somebody else asks it."""

    question: str
    answer: str
    paraphrase: str


TINY_FOLDERS: Final[tuple[tuple[TinyFaq, TinyFaq], ...]] = (
    (
        TinyFaq(
            "Where can I park my bicycle?",
            "In the yard behind building B; the racks are covered.",
            "is there a place to leave my bike",
        ),
        TinyFaq(
            "How do I borrow a laptop?",
            "Ask at the service desk and bring your badge.",
            "I need a notebook computer for a week, who lends me one?",
        ),
    ),
    (
        TinyFaq(
            "When is the cafeteria open?",
            "From 11:30 to 14:00 on working days.",
            "what time can I have lunch in the canteen",
        ),
        TinyFaq(
            "Can I bring my dog to the office?",
            "On Fridays, if your team agrees.",
            "are pets allowed at work",
        ),
    ),
    (
        TinyFaq(
            "How do I get a library card?",
            "Show an identity document at the counter.",
            "how can I register as a reader",
        ),
        TinyFaq(
            "How long may I keep a book?",
            "Four weeks, and twice four weeks more if nobody waits for it.",
            "what is the loan period for books",
        ),
    ),
    (
        TinyFaq(
            "What should I bring on the first day of the course?",
            "A notebook, a pen and comfortable shoes.",
            "things to take with me when the class starts",
        ),
        TinyFaq(
            "Is there a certificate at the end?",
            "Yes, for those who attend four of five days.",
            "do I receive a diploma after finishing",
        ),
    ),
    (
        TinyFaq(
            "How do I reset the alarm?",
            "Enter your code twice within ten seconds.",
            "the siren went off, how do I turn the alarm back to normal",
        ),
        TinyFaq(
            "Who has the keys to the storage room?",
            "The caretaker, and the team lead of logistics.",
            "where do I get the key for the store room",
        ),
    ),
    (
        TinyFaq(
            "Do you ship to other countries?",
            "To all of Europe; it takes five working days.",
            "can I have my order delivered abroad",
        ),
        TinyFaq(
            "How do I return an item?",
            "Send it back within thirty days with the slip from the parcel.",
            "I want to give a product back",
        ),
    ),
    (
        TinyFaq(
            "How much does membership cost?",
            "Sixty euros a year, thirty for students.",
            "what is the yearly fee for members",
        ),
        TinyFaq(
            "Can I bring a guest?",
            "One guest a month, free of charge.",
            "may a friend come along with me",
        ),
    ),
    (
        TinyFaq(
            "Why is my recording silent?",
            "Most often the microphone is muted in the settings of the system.",
            "there is no sound in what I recorded",
        ),
        TinyFaq(
            "How do I share a recording?",
            "Press the arrow beside its name and choose people.",
            "let a colleague listen to my recording",
        ),
    ),
    (
        TinyFaq(
            "What happens if I miss a shift?",
            "Tell the coordinator as early as you can; somebody takes over.",
            "I can't make it to my shift tomorrow, what now",
        ),
        TinyFaq(
            "Do volunteers get a meal?",
            "A warm one after each shift.",
            "is food provided for helpers",
        ),
    ),
    (
        TinyFaq(
            "Which file formats can I upload?",
            "PDF, PNG and plain text, up to 20 MB.",
            "what types of documents does the upload accept",
        ),
        TinyFaq(
            "How do I delete my account?",
            "In the settings, under Privacy; it takes effect after a week.",
            "I want my profile removed for good",
        ),
    ),
)
"""Written for this benchmark. Nothing was tuned on them."""
