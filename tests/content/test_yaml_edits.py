"""Edits of YAML files: what isn't edited keeps its bytes."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from faqbot.content.yaml_edits import edit_document
from faqbot.errors import UsageError

FILE = """\
# yaml-language-server: $schema=../schema.json

# agreed with the kitchen
role: office-cook    # never change this
title: "Office Cook"
aliases: [cook, 'chef de cuisine',
  kitchen lead]  # all three
owner: '@kitchen'
reviewed: 2026-01-05
sections:
  # what it is
  overview: >
    Cooks lunch for the office, plans the menu
    and orders what is needed.

    Works with two helpers
    in the kitchen.

  responsibilities:
  - Plan the menu   # weekly
  - Cook

  # hygiene matters
  - Keep the kitchen clean
  skills: {required: [Cooking, Hygiene], preferred: [French]}
  experience:
    years:
      min: 2
    text: |
      Two years in a kitchen.

        A line that is indented.
faqs:
  - id: knives   # sharp

    # think
    question: Do I need my own knives?
    answer: Bring them if you like; we have
      good ones
      in the kitchen.

  # second
  - question: May I bring a dog?
    id: dogs
    answer: |-
      No.

      Really.
    phrasings:
      - "are dogs allowed"
      - can I bring my dog
---
faqs:
- id: parking
  question: 'What''s with parking?'
  answer: There is none.
# the end
"""


def value_of(text: str, number: int = 0) -> Any:
    return list(yaml.safe_load_all(text))[number]


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that differ: those between the common beginning and the common end."""
    old, new = before.split("\n"), after.split("\n")
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


def edited(change: Any, text: str = FILE, number: int = 0) -> tuple[list[str], list[str]]:
    value = value_of(text, number)
    change(value)
    after = edit_document(text, number, value)
    assert value_of(after, number) == value
    return changed_lines(text, after)


def test_an_equal_value_changes_nothing() -> None:
    assert edit_document(FILE, 0, value_of(FILE)) == FILE


def test_a_text_keeps_its_quotes_and_the_comment_behind_it() -> None:
    text = FILE.replace('"Office Cook"', '"Office Cook"  # as on the door')

    old, new = edited(lambda role: role.update(title="Head Cook"), text)

    assert old == ['title: "Office Cook"  # as on the door']
    assert new == ['title: "Head Cook"  # as on the door']


def test_a_folded_text_keeps_the_lines_that_stay() -> None:
    def change(role: Any) -> None:
        role["sections"]["overview"] = role["sections"]["overview"].replace("two", "three")

    assert edited(change) == (["    Works with two helpers"], ["    Works with three helpers"])


def test_a_long_text_is_wrapped_where_it_was() -> None:
    def change(role: Any) -> None:
        role["faqs"][0]["answer"] += f" Ask for {' and '.join(['a spoon'] * 12)}."

    old, new = edited(change)

    assert old == []
    assert len(new) == 2
    assert max(map(len, new)) <= 100


def test_a_list_in_brackets_stays_one() -> None:
    old, new = edited(lambda role: role["aliases"].append("head of kitchen"))

    assert old == ["  kitchen lead]  # all three"]
    assert new == ["  kitchen lead, head of kitchen]  # all three"]


def test_a_moved_entry_takes_its_comments_along() -> None:
    old, new = edited(lambda role: role["faqs"].reverse())

    assert sorted(line for line in old if line) == sorted(line for line in new if line)
    assert "  - id: knives   # sharp" in new


def test_a_list_becomes_part_of_a_longer_form_with_its_comments() -> None:
    def change(role: Any) -> None:
        parts = {"items": role["sections"]["responsibilities"], "phrasings": ["what do cooks do"]}
        role["sections"]["responsibilities"] = parts

    _, new = edited(change)

    assert "    - Plan the menu   # weekly" in new
    assert "    # hygiene matters" in new


def test_a_removed_entry_leaves_the_comment_above_it() -> None:
    old, new = edited(lambda role: role["sections"].pop("overview"))

    assert "  # what it is" not in old
    assert new == []


def test_windows_line_breaks_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    value = value_of(text)
    value["title"] = "Head Cook"

    after = edit_document(text, 0, value)

    assert after == text.replace("Office Cook", "Head Cook")


def test_another_document_of_the_file_is_left_alone() -> None:
    def change(file: Any) -> None:
        file["faqs"][0]["answer"] = "Behind the house."

    assert edited(change, number=1) == (
        ["  answer: There is none."],
        ["  answer: Behind the house."],
    )


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "2026-01-05",
        "12",
        "null",
        "- not a list",
        "key: value",
        "a # no comment",
        '"quoted" word',
        "it's",
        "",
        " begins with a space",
        "a line\n\n- a point\n- another\n",
        "  indented\nthen not",
        "ends with breaks\n\n\n",
        "tab\there",
        "{role} and [brackets]",
        "\u00e4\u00f6\u00fc \U0001f355",
    ],
)
@pytest.mark.parametrize("place", ["title", "overview", "alias", "answer", "item"])
def test_any_text_can_stand_anywhere(text: str, place: str) -> None:
    def change(role: Any) -> None:
        match place:
            case "title":
                role["title"] = text
            case "overview":
                role["sections"]["overview"] = text
            case "alias":
                role["aliases"][1] = text
            case "answer":
                role["faqs"][1]["answer"] = text
            case "item":
                role["sections"]["responsibilities"][0] = text

    edited(change)


def test_a_file_whose_anchors_would_break_is_refused_with_advice() -> None:
    text = "role: cook\ntitle: &name Cook\naliases: [*name]\n"
    value = value_of(text)

    value["title"] = "Chef"
    with pytest.raises(UsageError, match="text editor"):
        edit_document(text, 0, value)

    value = value_of(text)
    value["aliases"] = ["Chef"]
    assert edit_document(text, 0, value) == text.replace("*name", "Chef")


def test_a_file_that_is_broken_by_now_is_refused() -> None:
    with pytest.raises(UsageError, match="faqbot check"):
        edit_document("role: [cook", 0, {"role": "cook"})
    with pytest.raises(UsageError, match="load it anew"):
        edit_document("role: cook\n", 1, {"role": "cook"})


TEXTS = st.text(
    st.sampled_from("ab cd.,:#'\"-*&[]{}\n|>%@!?`~\u00e9"), min_size=1, max_size=60
) | st.sampled_from(["yes", "1", "2026-01-05", "a: b", "x # y"])
VALUES = (
    TEXTS
    | st.integers(0, 50)
    | st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1))
    | st.lists(TEXTS, min_size=1, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "title", "text"]), TEXTS, min_size=1)
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in inside:
        found.append((*path, key))
        if isinstance(part, (dict, list)):
            found += paths(part, (*path, key))
    return found


@pytest.mark.parametrize("text", ["\n", "\n\n", " ", "Wash.\n\n"])
def test_a_new_text_may_be_blank_or_end_in_empty_lines(text: str) -> None:
    value = deepcopy(value_of(FILE))
    value["sections"]["further"] = text
    assert value_of(edit_document(FILE, 0, value)) == value


def test_question_mark_in_a_flow_list_is_quoted() -> None:
    value = deepcopy(value_of(FILE))
    value["sections"]["skills"]["required"].append("Which knife?")
    edited = edit_document(FILE, 0, value)
    assert '  skills: {required: [Cooking, Hygiene, "Which knife?"], preferred: [French]}' in edited
    assert value_of(edited) == value


@given(data=st.data())
def test_any_edit_is_read_back_and_touches_its_own_lines_only(data: st.DataObject) -> None:
    value = deepcopy(value_of(FILE))
    path = data.draw(st.sampled_from(paths(value)))
    parent = value
    for step in path[:-1]:
        parent = parent[step]
    key = path[-1]
    kind = data.draw(st.sampled_from(["set", "remove", "add", "move"]))
    if kind == "set":
        parent[key] = data.draw(VALUES)
    elif kind == "remove" and len(parent) > 1:
        del parent[key]
    elif isinstance(parent, list):
        if kind == "move":
            parent.reverse()
        else:
            parent.insert(key, data.draw(VALUES))
    else:
        parent["further"] = data.draw(VALUES)

    after = edit_document(FILE, 0, value)

    assert value_of(after) == value
    assert value_of(after, 1) == value_of(FILE, 1)
    old, _ = changed_lines(FILE, after)
    top = FILE.split("\n")
    for line in top:
        # A line that belongs to another top key stays, whatever happened below this one.
        if line[:1].isalpha() and not line.startswith(f"{path[0]}:") and kind != "move":
            assert line not in old
    comments = [line.strip() for line in top if line.strip().startswith("#")]
    if kind in ("add", "move"):
        for comment in comments:
            assert comment in {line.strip() for line in after.split("\n")}
