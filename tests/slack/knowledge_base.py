"""Content for the tests of the Slack shell: small, but with every case in it."""

from __future__ import annotations

import datetime as dt

from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years

_SKILLS = {
    "data-analyst": ("SQL", "spreadsheets", "charts"),
    "data-engineer": ("SQL", "Spark", "pipelines"),
    "ux-designer": ("sketching", "interviews", "Figma"),
    "qa-engineer": ("test design", "patience", "automation"),
    "product-manager": ("writing", "deciding", "listening"),
}
_TITLES = {"ux-designer": "UX Designer", "qa-engineer": "QA Engineer"}
SALARIES = "What are the salary bands here?"
"""The question of an FAQ for candidates and employees."""


def knowledge_base() -> KnowledgeBase:
    """Seven roles, one of them long, and general FAQs, one for employees."""
    roles = (_python(), *(_role(role, skills) for role, skills in _SKILLS.items()), _long())
    return KnowledgeBase(roles=roles, faqs=_faqs(), version="test")


def _role(role: str, skills: tuple[str, ...]) -> Role:
    title = _TITLES.get(role, role.replace("-", " ").title())
    sections = (
        Section(role, "overview", "Overview", text=f"A {title} is good to have."),
        Section(role, "day-to-day", "Day to day", text="Mornings, then afternoons."),
        Section(role, "skills", "Skills", required=skills[:2], preferred=skills[2:]),
        Section(role, "education", "Education", text=f"A {title} needs a degree or experience."),
    )
    return Role(role, title, family="product-and-data", owner="@people", sections=sections)


def _python() -> Role:
    role = "python-back-end-developer"
    sections = (
        Section(role, "overview", "Overview", text="Builds the *server side*, in **Python**."),
        Section(role, "responsibilities", "Responsibilities", items=("Build services", "Fix them")),
        Section(
            role,
            "skills",
            "Skills",
            required=("Python", "REST APIs with `HTTP`"),
            preferred=("Docker", "[PostgreSQL](https://www.postgresql.org)"),
        ),
        Section(role, "education", "Education", text="A degree in computer science."),
        Section(role, "experience", "Experience", years=Years(2, 5), text="In a team."),
    )
    faqs = (
        Faq(
            role,
            "technologies-and-frameworks",
            "Which technologies should a Python Back End Developer know?",
            "Django or Flask.\n\n1. First one\n2. Then the other\n   - and this",
            phrasings=("what is the tech stack of a {role}", "do I need django"),
        ),
    )
    return Role(
        role,
        "Python Back End Developer",
        aliases=("python developer", "backend engineer"),
        family="software-engineering",
        owner="@people-engineering",
        reviewed=dt.date(2026, 1, 2),
        review_every=dt.timedelta(days=180),
        sections=sections,
        faqs=faqs,
    )


def _long() -> Role:
    role = "archivist"
    duties = tuple(f"Duty {n}: keep the papers of shelf {n} in order & safe." for n in range(300))
    sections = (
        Section(role, "overview", "Overview", text="Keeps papers.\n\n" * 40),
        Section(role, "responsibilities", "Responsibilities", items=duties),
        Section(role, "skills", "Skills", required=("Patience",)),
    )
    return Role(role, "Archivist", family="libraries", owner="@people", sections=sections)


def _faqs() -> tuple[Faq, ...]:
    return (
        Faq(
            None,
            "how-to-apply",
            "How do I apply?",
            "Send us your documents.",
            phrasings=("how can I apply for a job", "where do I send my application"),
            example=True,
        ),
        Faq(
            None,
            "referrals",
            "How do I refer a friend?",
            "Tell your manager; there is a bonus.",
            phrasings=("how does the referral bonus work", "can I recommend a friend for a job"),
            audience=Audience.EMPLOYEES,
        ),
        Faq(
            None,
            "salary-bands",
            SALARIES,
            "Band 3 begins at 52,000.",
            audience=Audience.CANDIDATES,
        ),
    )
