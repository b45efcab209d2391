"""What YAML reads otherwise than an author means is a problem that names the cause and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.content.publisher import add_phrasings
from faqbot.content.writer import faq_file
from faqbot.model import Faq
from tests.content.conftest import Write

HEAD = "role: cook\ntitle: Cook\n"
FAQ = "faqs:\n  - id: x\n    question: Where?\n"
NBSP = "\u00a0"
NARROW = "\u202f"

LOST = [
    # what follows ` #`
    (FAQ + "    answer: Write to #kitchen on Mondays\n", 4, 22, "the text ends before ` #`"),
    (FAQ + "    answer: Write to us  # on Mondays\n", 4, 26, "put it in quotes"),
    (FAQ + "    answer: Write\n      to #kitchen\n", 5, 10, "the text ends before ` #`"),
    (FAQ + "    answer: Write # to\n      us\n", 4, 19, "the text ends before ` #`"),
    (FAQ + "    answer: In room #4: upstairs\n", 4, 21, "the text ends before ` #`"),
    (HEAD + "aliases:\n  - Chef #1\n", 4, 10, "the text ends before ` #`"),
    (HEAD + "aliases:\n  - B # and D #\n", 4, 7, "the text ends before ` #`"),
    (HEAD + "aliases: [chef, sous chef # two]\nfamily: x\n", 3, 27, "the text ends before ` #`"),
    (HEAD + "aliases:\n  - # later\n", 4, 4, "what follows `#` isn't read; put it in quotes"),
    (HEAD + "owner: #kitchen\n", 3, 7, "what follows `#` isn't read; put it in quotes"),
    # points of a list
    (HEAD + "aliases:\n  -chef\n  -sous chef\n", 4, 3, "missing after the `-`; write `- chef`"),
    (HEAD + "aliases:\n  - chef\n  -boss\n", 5, 3, "missing after the `-`; write `- boss`"),
    (HEAD + "aliases:\n  - chef\n   - boss\n", 5, 4, "joined to the one above; begin all points"),
    (HEAD + "sections:\n  overview: Cooks\n    - soup\n", 5, 5, "write `|` behind the key"),
    (HEAD + "sections:\n  overview: 'Cooks\n    1. soup'\n", 5, 5, "write `|` behind the key"),
    (HEAD + "family: x\n  - a\n", 4, 3, "joined to the text above"),
    (FAQ + "    answer: >\n      Bring:\n      - a knife\n", 6, 7, "write `|` instead of `>`"),
    (FAQ + "    answer: >\n      Bring\n      2. a pan\n", 6, 7, "write `|` instead of `>`"),
    (FAQ + "    answer: >\n      We are\n      ## Open\n", 6, 7, "write `|` instead of `>`"),
    # quotes
    (HEAD + "family: “food”\n", 3, 9, "curly quotes don't hold a text together"),
    (HEAD + "family: „food“\n", 3, 9, "write straight ones"),
    (HEAD + "reviewed: ‘2026-11-01’\n", 3, 11, "curly quotes"),
    (HEAD + "aliases: [“chef, boss”]\n", 3, 11, "curly quotes"),
    (HEAD + "family: “Food: warm”\n", 3, 9, 'write straight ones (`"`) here'),
    (HEAD + 'family: "food”\n', 3, 9, "a quote isn't closed: curly quotes"),
    (HEAD + 'family: "Good" food\n', 3, 16, "put all of it in other quotes: `'\"Good\" food'`"),
    (HEAD + 'aliases: ["Good" cook, x]\n', 3, 18, "put all of the text in `'`"),
    (HEAD + "family: 'Here's food'\n", 3, 14, "the apostrophe ends the text; write it twice"),
    (HEAD + 'family: "food\nowner: x\nonet: "y"\n', 3, 9, "is the closing quote of this text"),
    (HEAD + "family: 'food\nowner: x\n", 3, 9, "a quote isn't closed"),
    # spaces
    (HEAD + f"sections:\n{NBSP}{NBSP}overview: x\n", 4, 1, "no-break space (U+00A0) stands before"),
    (HEAD + f"sections:\n {NARROW}overview: x\n", 4, 2, "narrow no-break space (U+202F)"),
    (HEAD + "\u200bfamily: x\n", 3, 1, "zero width space (U+200B)"),
    (HEAD + "sections:\n\u3000overview: x\n", 4, 1, "ideographic space (U+3000)"),
    (HEAD + f"family:{NBSP}x\n", 3, 8, "no-break space (U+00A0) stands here"),
    (HEAD + f"aliases:\n  -{NBSP}chef\n", 4, 4, "type ordinary spaces"),
    (HEAD + "sections:\n\toverview: x\n", 4, 1, "a tab is used as indentation; use spaces"),
    (HEAD + "sections:\n  overview:x\n", 4, 3, "a space is missing after the `:`"),
    ("role: cook\ntitle:Cook\nfamily: x\n", 2, 7, "after the `:`; write `title: Cook`"),
    (HEAD + " family: x\n", 3, 2, "deeper than the line above, which has its text already"),
    (HEAD + "sections:\n  skills: x\n   overview: y\n", 5, 4, "begin both in the same column"),
    ("role: cook\ntitle Cook\nfamily: x\n", 2, 1, "this line has no `: ` after its key"),
    # signs that texts can't start with
    (HEAD + "owner: @kitchen\n", 3, 8, "can't start with `@`; put the text in quotes"),
    (HEAD + "family: **Good** food\n", 3, 9, "can't start with `&` or `*`"),
    (HEAD + "family: &good food\n", 3, 9, "`&good` is dropped; put the text in quotes"),
    (HEAD + "family: !good food\n", 3, 9, "can't start with `!`"),
    (HEAD + "family: [us](https://x.org)\n", 3, 13, "that starts with `[` needs quotes"),
    (HEAD + "family: > food\n", 3, 11, "begin it on the next line"),
    (HEAD + "family: - food\n", 3, 9, "a list can't begin in the line of its key"),
    (HEAD + "family: ? food\n", 3, 9, "can't start with `? `"),
    (HEAD + "family: null\n", 3, 9, '`family` is read as “nothing”; put it in quotes: "null"'),
    (HEAD + "family: x\n- y\n", 4, 1, "this point belongs to no list"),
    # values as people write them
    (HEAD + "sections: {experience: {years: 2-3}}\n", 3, 32, "write {min: 2, max: 3}"),
    (HEAD + "sections: {experience: {years: 5+}}\n", 3, 32, "write {min: 5}"),
    (HEAD + "sections: {experience: {years: up to 4}}\n", 3, 32, "write {max: 4}"),
    (HEAD + "sections: {experience: {years: some}}\n", 3, 32, "write {min: 2, max: 3}"),
    (HEAD + "reviewed: 2026-02-30\n", 3, 11, "isn't a date of the calendar"),
    (HEAD + "reviewed: 1.11.2026\n", 3, 11, "isn't a date; write it as in 2026-11-01"),
    (FAQ + "    answer: A.\n    about: cook\n", 5, 5, "write it once at the top of the file"),
    ("about: cook\n" + FAQ + "    answer: A.\n", 1, 8, "no role has the id `cook`"),
]


@pytest.mark.parametrize("case", LOST, ids=[f"{n}-{case[3][:30]}" for n, case in enumerate(LOST)])
def test_mistake_is_reported_where_it_was_made(
    write: Write, knowledge: Path, case: tuple[str, int, int, str]
) -> None:
    text, line, column, said = case
    write("file.yaml", text.encode())
    knowledge_base, problems = check_folder(knowledge)
    assert knowledge_base is None
    told = [one.message for one in problems if (one.line, one.column) == (line, column)]
    assert told, f"nothing at {line}:{column}, but {[str(one) for one in problems]}"
    assert said in told[0]
    for word in ("mapping", "scalar", "token", "node", "sequence"):
        assert word not in told[0]


def test_notes_of_authors_are_no_problem(write: Write, knowledge: Path) -> None:
    write(
        "cook.yaml",
        """\
        # a note
        role: head-cook  # its id
        title: Cook  # one word
        aliases: [chef, "sous chef"]  # and a list
        reviewed: 2026-11-01 # a date
        review_every: 180 days  # a period
        sections:  # parts
          # a line of its own
          overview: "Cooks. #1 in town."  # in quotes
          skills:
            required:
              - Python # for the till
              - 'knife skills'  # sharp
          experience: {years: {min: 2, max: 3}, text: Of kitchens}  # both
        faqs:
          - id: x  # the id
            question: Where?
            answer: >  # a block
              Write to #kitchen, it's open.

              Room # 4 has (a) soup - and salt -
              and “bread”.
          - id: y
            question: C# or F#?
            answer: |
              Both:
              - C #
              # Heading
            audience: employees # not candidates
        """,
    )
    base = load_knowledge_base(knowledge)
    (role,) = base.roles
    assert role.title == "Cook"
    overview, skills, _ = role.sections
    assert overview.text == "Cooks. #1 in town."
    assert skills.required == ("Python", "knife skills")
    first, second = role.faqs
    assert first.answer.split("\n\n") == [
        "Write to #kitchen, it's open.",
        "Room # 4 has (a) soup - and salt - and “bread”.",
    ]
    assert second.question == "C# or F#?"
    assert second.answer == "Both:\n- C #\n# Heading"


def test_folded_text_keeps_lists_that_stand_apart_and_paragraphs(
    write: Write, knowledge: Path
) -> None:
    write(
        "faqs.yaml",
        """\
        faqs:
          - id: x
            question: What?
            answer: >
              Bring
              these:

              - a knife

              - a pan

              Or:
                - a friend
                - his knife

              Good
              luck.
        """,
    )
    (faq,) = load_knowledge_base(knowledge).faqs
    assert faq.answer == (
        "Bring these:\n\n- a knife\n\n- a pan\n\nOr:\n  - a friend\n  - his knife\n\nGood luck."
    )


@pytest.mark.parametrize(
    "text",
    [
        "“Where do I eat”",
        "‘now’",
        "Eat #4, then # or C #",
        "-starts",
        "a word " * 13 + "- and a dash - and 1. a number -x " * 9,
        "„x“ " * 40 + "- y",
        "'tis \"here\" 'now'",
        "0:\u00a00",
        "-\u00a0x",
        "\u200bx",
    ],
)
def test_what_faqbot_writes_loads_as_it_was(write: Write, knowledge: Path, text: str) -> None:
    text = text.strip()
    faq = Faq(None, "x", text, text, phrasings=(text,))
    write("faqs.yaml", faq_file([faq]).encode())
    (loaded,) = load_knowledge_base(knowledge).faqs
    assert (loaded.question, loaded.answer, loaded.phrasings) == (text, text, (text,))
    for old in ("", "    phrasings: [x]\n", "    phrasings:\n      - x\n"):
        before = FAQ + old + "    answer: A.\n"
        write("faqs.yaml", add_phrasings(before, {"faq/x": [text]}).encode())
        assert load_knowledge_base(knowledge).faqs[0].phrasings[-1] == text
