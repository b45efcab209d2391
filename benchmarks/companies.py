"""Content of generated companies: roles from word lists, different for each company."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml

_GRADES: Final = ("", "", "Senior", "Lead", "Junior", "Principal")
_FIELDS: Final = (
    "Accounts Analytics Backup Billing Brand Build Campaign Claims Cloud Compliance Content "
    "Contract Credit Customs Data Database Delivery Depot Energy Events Export Facility Fleet "
    "Fraud Freight Hardware Helpdesk Import Infrastructure Insurance Integration Inventory "
    "Kitchen Laboratory Lending Logistics Market Media Mobile Network Nursery Packaging Patent "
    "Payroll Platform Plant Pricing Privacy Procurement Production Property Quality Rail Recovery "
    "Refund Release Rental Reporting Retail Revenue Risk Safety Sales Search Security Server "
    "Service Shipping Software Storage Supply Survey Systems Tax Telephony Tender Test Transport "
    "Treasury Turbine Vendor Voice Warehouse Waste Water Web Wind Workshop"
).split()
_NOUNS: Final = (
    "Administrator Adviser Analyst Architect Auditor Buyer Clerk Coach Controller Coordinator "
    "Designer Developer Editor Engineer Examiner Inspector Instructor Manager Mechanic Officer "
    "Operator Planner Researcher Scientist Specialist Supervisor Technician Tester Trainer Writer"
).split()
_VERBS: Final = (
    "Plan Check Improve Document Review Schedule Measure Explain Prepare Repair Compare Approve "
    "Record Supervise Order Forecast Install Monitor Negotiate Present"
).split()
_THINGS: Final = (
    "the weekly rota|open tickets|supplier contracts|monthly figures|safety drills|new releases|"
    "stock levels|customer letters|training courses|test benches|spare parts|price lists|"
    "audit trails|delivery routes|project budgets|service reports|machine logs|tender papers"
).split("|")
_SKILLS: Final = (
    "Python|SQL|Excel|SAP|AutoCAD|Kubernetes|Power BI|Tableau|Linux|Java|Go|Rust|Ansible|Figma|"
    "Salesforce|Jira|MATLAB|SolidWorks|Spanish|Polish|German|Negotiation|Public speaking|"
    "Bookkeeping|Forklift driving|First aid|Welding|Soldering|Statistics|Technical writing|"
    "Project planning"
).split("|")
_DEGREES: Final = (
    "economics|computer science|mechanical engineering|chemistry|business administration|law|"
    "statistics|logistics|electrical engineering|design"
).split("|")
_FAQS: Final = (
    ("travel", "How much does a {role} travel?", ("does a {role} travel a lot", "business trips")),
    ("home", "Can a {role} work from home?", ("is remote work possible for a {role}",)),
    ("team", "How large is the team of a {role}?", ("who does a {role} work with",)),
    (
        "shifts",
        "Does a {role} work shifts?",
        ("night work of a {role}", "do I have to do weekends"),
    ),
)


def titles(seed: int, count: int) -> list[str]:
    """Different titles, the same for the same seed."""
    chosen = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        parts = (chosen.choice(_GRADES), chosen.choice(_FIELDS), chosen.choice(_NOUNS))
        found[" ".join(filter(None, parts))] = None
    return list(found)


def write_company(folder: Path, seed: int, roles: int, word: str) -> list[str]:
    """Write a content folder; `word` stands in each of its answers. Returns the titles."""
    folder.mkdir(parents=True, exist_ok=True)
    made = titles(seed, roles)
    documents = [_role(random.Random(f"{seed}/{title}"), title, word) for title in made]
    text = yaml.dump_all(documents, sort_keys=False, allow_unicode=True, Dumper=yaml.CSafeDumper)
    for number, part in enumerate(text.split("\n---\n")):
        (folder / f"role-{number:03}.yaml").write_text(part.rstrip() + "\n", encoding="utf-8")
    return made


def questions(made: Sequence[str]) -> Iterator[str]:
    """A question about each title, of several kinds."""
    kinds = (
        "what skills does a {} need",
        "what does a {} do all day",
        "which degree does a {} need",
        "how many years of experience for a {}",
        "does a {} travel a lot",
    )
    for number, title in enumerate(made):
        yield kinds[number % len(kinds)].format(title)


def _role(chosen: random.Random, title: str, word: str) -> dict[str, object]:
    skills = chosen.sample(_SKILLS, 9)
    years = chosen.randint(0, 5)
    return {
        "role": title.lower().replace(" ", "-"),
        "title": title,
        "sections": {
            "overview": f"A {{role}} at {word} looks after {chosen.choice(_THINGS)}.",
            "day-to-day": _lines(chosen, 5),
            "responsibilities": _lines(chosen, 6),
            "skills": {"required": skills[:5], "preferred": skills[5:]},
            "education": {"required": [f"Degree in {chosen.choice(_DEGREES)}"]},
            "experience": {
                "years": {"min": years, "max": years + 3},
                "text": f"Work with {chosen.choice(_THINGS)} counts as well.",
            },
        },
        "faqs": [
            {
                "id": key,
                "question": question,
                "phrasings": list(phrasings),
                "answer": f"At {word} that depends on {chosen.choice(_THINGS)}.",
                "audience": "everyone",
            }
            for key, question, phrasings in _FAQS
        ],
    }


def _lines(chosen: random.Random, count: int) -> list[str]:
    things = chosen.sample(_THINGS, count)
    return [
        f"{verb} {thing}" for verb, thing in zip(chosen.sample(_VERBS, count), things, strict=True)
    ]
