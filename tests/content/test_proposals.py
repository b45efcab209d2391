"""Files about entries of other files: FAQs of a role, and phrasings."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.content.files import file_version
from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.content.publisher import ContentPublisher, FileEdit, write_phrasing
from faqbot.content.writer import faq_template, new_faq_key, write_faq
from faqbot.errors import ContentError, UsageError
from faqbot.model import Audience, Faq, KnowledgeBase, Section

ROLE = """
role: tester
title: Tester
sections: {skills: {required: [Patience]}}
faqs:
  - {id: tools, question: Which tools?, answer: Many.}
"""

PAY = """
about: tester
faqs:
  - id: pay
    question: "What is a {role} paid?"
    answer: Well.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tester.yaml").write_text(ROLE)
    return tmp_path


def _problem(folder: Path, text: str) -> str:
    (folder / "more.yaml").write_text(text)
    _, problems = check_folder(folder)
    (problem,) = problems
    return str(problem)


def test_faqs_of_a_file_with_about_belong_to_that_role(folder: Path) -> None:
    (folder / "more.yaml").write_text(PAY)
    faq = load_knowledge_base(folder).entry("tester/faq/pay")
    assert isinstance(faq, Faq)
    assert faq.question == "What is a Tester paid?"


def test_unknown_role_of_about_is_reported_with_the_nearest_id(folder: Path) -> None:
    said = _problem(folder, "about: tster\nfaqs:\n  - {id: x, question: X?, answer: Y.}\n")
    assert "more.yaml:1:8: no role has the id `tster`; did you mean `tester`?" in said


def test_equal_faq_ids_in_two_files_of_a_role_are_a_problem(folder: Path) -> None:
    said = _problem(folder, "about: tester\nfaqs:\n  - {id: tools, question: X?, answer: Y.}\n")
    assert "tools" in said
    assert "is taken by" in said


def test_file_of_phrasings_extends_sections_and_faqs(folder: Path) -> None:
    write_phrasing(folder, "tester/skills", "what must one bring")
    write_phrasing(folder, "tester/faq/tools", "what is in the box: all of it?")
    write_phrasing(folder, "tester/skills", "what must one bring")
    knowledge_base = load_knowledge_base(folder)
    section, faq = knowledge_base.entry("tester/skills"), knowledge_base.entry("tester/faq/tools")
    assert isinstance(section, Section)
    assert section.phrasings == ("what must one bring",)
    assert isinstance(faq, Faq)
    assert faq.phrasings == ("what is in the box: all of it?",)


def test_phrasing_of_an_unknown_entry_is_a_problem(folder: Path) -> None:
    said = _problem(folder, "phrasings:\n  tester/skils: [what]\n")
    assert "more.yaml:2:3" in said
    assert "did you mean `tester/skills`?" in said


def test_broken_file_of_phrasings_is_not_replaced(folder: Path) -> None:
    path, _ = write_phrasing(folder, "tester/skills", "what must one bring")
    path.write_text("role: [")
    with pytest.raises(UsageError, match="faqbot check"):
        write_phrasing(folder, "tester/skills", "and what else")
    assert path.read_text() == "role: ["


def test_written_faq_loads_with_any_punctuation(folder: Path) -> None:
    faq = Faq(
        "tester",
        "odd",
        "Why: is it 'odd' # or \"not\"?",
        "First line.\n\n- a *list*\n- [link](https://example.org): yes",
        audience=Audience.CANDIDATES,
    )
    path = write_faq(folder, faq)
    assert load_knowledge_base(folder).entry("tester/faq/odd") == faq
    with pytest.raises(UsageError, match="exists already"):
        write_faq(folder, faq)
    assert path.name == "tester-odd.yaml"


def test_new_faq_key_is_unique_within_its_role(folder: Path) -> None:
    knowledge_base = load_knowledge_base(folder)
    assert new_faq_key("Tools?", "tester", knowledge_base) == "tools-2"
    assert new_faq_key("Tools?", None, knowledge_base) == "tools"
    assert new_faq_key("¿Qué?", None, KnowledgeBase()) == "que"
    assert new_faq_key("???", None, KnowledgeBase()) == "entry"
    assert len(new_faq_key("long " * 50, None, KnowledgeBase())) <= 60


def test_faq_template_loads(folder: Path) -> None:
    text = faq_template("Is there a dress code?", "tester", load_knowledge_base(folder))
    (folder / "draft.yaml").write_text(text)
    assert load_knowledge_base(folder).entry("tester/faq/is-there-a-dress-code")


@pytest.fixture
def publisher(folder: Path) -> ContentPublisher:
    class Loaded:
        @property
        def knowledge_base(self) -> KnowledgeBase:
            return load_knowledge_base(folder)

    async def reload() -> bool:
        load_knowledge_base(folder)
        return True

    return ContentPublisher(Loaded(), folder, reload)


@pytest.mark.parametrize(
    "name", ["../tester.yaml", "/tmp/tester.yaml", ".git/tester.yaml", "tester.py", "a/../b.yaml"]
)
async def test_an_edit_of_what_is_no_content_file_is_refused(
    publisher: ContentPublisher, name: str
) -> None:
    with pytest.raises(UsageError, match="is no content file"):
        await publisher.write_edit(FileEdit(name, "", "role: x\n"))


async def test_an_edit_that_does_not_load_leaves_the_file_as_it_was(
    publisher: ContentPublisher, folder: Path
) -> None:
    path = folder / "tester.yaml"
    version = file_version(path.read_bytes())

    with pytest.raises(ContentError):
        await publisher.write_edit(FileEdit(path.name, version, "role: tester\n"))
    with pytest.raises(UsageError, match="there is no"):
        await publisher.write_edit(FileEdit(path.name, version, None))
    with pytest.raises(UsageError, match="made by somebody else"):
        await publisher.write_edit(FileEdit(path.name, "", ROLE))

    assert path.read_text() == ROLE


async def test_an_edit_through_a_link_writes_what_it_points_to(
    publisher: ContentPublisher, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "real.yaml"
    real.write_text(PAY)
    (folder / "pay.yaml").symlink_to(real)

    edit = FileEdit("pay.yaml", file_version(real.read_bytes()), PAY.replace("Well", "Fairly"))
    await publisher.write_edit(edit)

    assert (folder / "pay.yaml").is_symlink()
    assert "Fairly" in real.read_text()
