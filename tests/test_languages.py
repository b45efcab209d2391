"""Questions in Spanish, German and French, and content in any language."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.app import load_engine
from faqbot.engine import Engine
from faqbot.model import Answer, Audience, Question

KNOWLEDGE = Path(__file__).resolve().parent.parent / "knowledge"
QUESTIONS = """
¿Qué habilidades necesita un Data Analyst? -> data-analyst/skills
que estudios se necesitan para ser QA engineer -> qa-engineer/education
cuanta experiencia hace falta para data engineer -> data-engineer/experience
tareas del product manager -> product-manager/responsibilities
como es un dia normal de ux designer -> ux-designer/day-to-day
certificaciones para devops engineer -> devops-engineer/certifications
qué es un technical recruiter -> technical-recruiter
Welche Fähigkeiten muss ein Data Analyst haben? -> data-analyst/skills
welchen Abschluss brauche ich als QA Engineer -> qa-engineer/education
wie viele Jahre Erfahrung als Data Engineer -> data-engineer/experience
Aufgaben eines Product Managers -> product-manager/responsibilities
Wie sieht ein Tag als UX Designer aus -> ux-designer/day-to-day
Zertifikate für DevOps Engineer -> devops-engineer/certifications
was ist ein Technical Recruiter -> technical-recruiter
Quelles compétences pour un Data Analyst ? -> data-analyst/skills
quel diplome pour devenir QA engineer -> qa-engineer/education
combien d'annees d'experience pour un data engineer -> data-engineer/experience
les missions d'un product manager -> product-manager/responsibilities
une journée type de UX designer -> ux-designer/day-to-day
certifications utiles pour devops engineer -> devops-engineer/certifications
c'est quoi un technical recruiter -> technical-recruiter
"""
PORTUGUESE = """
role: enfermeiro
title: Enfermeiro
sections:
  overview: Cuida de pessoas.
  salario:
    title: Salário
    phrasings: ["quanto ganha um {role}", qual é o ordenado]
    text: Conforme a tabela.
---
faqs:
  - id: ferias
    question: Quantos dias de férias tenho?
    phrasings: [quanto tempo de descanso por ano]
    answer: Vinte e cinco dias.
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(KNOWLEDGE)


@pytest.mark.parametrize("line", QUESTIONS.strip().splitlines())
def test_standard_sections_can_be_asked_for(engine: Engine, line: str) -> None:
    question, _, entry = line.partition(" -> ")
    result = engine.ask(Question(question, audience=Audience.EMPLOYEES))
    assert isinstance(result.outcome, Answer)
    assert result.outcome.entries[0].id in (entry, f"{entry}/overview")


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("quanto ganha um enfermeiro?", "enfermeiro/salario"),
        ("qual é o ordenado de um enfermero", "enfermeiro/salario"),
        ("quantos dias de ferias eu tenho", "faq/ferias"),
    ],
)
def test_content_is_matched_in_the_language_that_it_is_written_in(
    tmp_path: Path, question: str, entry: str
) -> None:
    (tmp_path / "a.yaml").write_text(PORTUGUESE, encoding="utf-8")
    result = load_engine(tmp_path).ask(Question(question))
    assert isinstance(result.outcome, Answer)
    assert result.outcome.entries[0].id == entry
