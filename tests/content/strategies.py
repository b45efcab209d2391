"""Hypothesis strategies for roles, sections and FAQs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.model import Audience, Faq, Role, Section, Years

texts = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]) | st.sampled_from("\n -#:'\"|>")
    )
    .map(str.strip)
    .filter(lambda text: bool(text) and "{role}" not in text and "\ufeff" not in text)
)
lists = st.lists(texts, max_size=3).map(tuple)
reviews: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "owner": st.just("") | texts,
        "reviewed": st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)),
        "review_every": st.none() | st.integers(1, 900).map(lambda days: dt.timedelta(days=days)),
    }
)


@st.composite
def faqs(draw: st.DrawFn, role: str | None) -> Faq:
    return Faq(
        role,
        draw(st.sampled_from(["one", "two"])),
        draw(texts),
        draw(texts),
        phrasings=draw(lists),
        audience=draw(st.sampled_from(Audience)),
        matches=draw(lists),
        rejects=draw(lists),
        example=draw(st.booleans()),
        **draw(reviews),
    )


@st.composite
def sections(draw: st.DrawFn, key: str) -> Section:
    section = Section(
        "a-role",
        key,
        STANDARD_SECTIONS.get(key) or draw(texts),
        text=draw(st.just("") | texts),
        items=draw(lists),
        required=draw(lists),
        preferred=draw(lists),
        phrasings=draw(lists),
        years=draw(st.none() | st.builds(Years, st.integers(0, 9), st.none() | st.just(9.5))),
    )
    if not (section.text or section.items or section.required or section.preferred):
        return Section("a-role", key, section.title, text="Something", phrasings=section.phrasings)
    return section


@st.composite
def roles(draw: st.DrawFn) -> Role:
    keys = draw(st.lists(st.sampled_from(["overview", "skills", "experience"]), unique=True))
    keys = [key for key in STANDARD_SECTIONS if key in keys] + draw(
        st.sampled_from([[], ["pay"], ["pay", "travel"]])
    )
    return Role(
        "a-role",
        draw(texts),
        family=draw(st.just("") | texts),
        onet=draw(st.sampled_from(["", "15-1252.00"])),
        sections=tuple(draw(sections(key)) for key in keys),
        faqs=tuple({faq.key: faq for faq in draw(st.lists(faqs("a-role"), max_size=2))}.values()),
        **draw(reviews),
    )
