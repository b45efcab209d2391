"""The editor's calls: what the page reads, checks, asks and saves."""

from __future__ import annotations

import io
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import yaml
from openpyxl import Workbook

from faqbot.content.loader import load_knowledge_base
from faqbot.content.writer import role_file
from faqbot.editor.commits import GitMode
from faqbot.editor.pages import MAX_BODY
from faqbot.engine import Engine
from faqbot.errors import UsageError
from faqbot.model import Question
from faqbot.replies.result import Result
from tests.editor.conftest import FAQS, ROLE, Editor


def section(form: Any, key: str) -> Any:
    return next(one for one in form["sections"] if one["key"] == key)


def created(editor: Editor, kind: str, title: str) -> Any:
    return editor.call("create", form=editor.call("new", kind=kind, title=title)["form"])


def words(checked: Any) -> list[str]:
    """What a check says in words that a save would change."""
    return [
        "".join(part["text"] for part in item["elements"])
        for block in checked["words"]
        for points in block["elements"]
        for item in points["elements"]
    ]


def messages(checked: Any) -> list[tuple[list[Any], str]]:
    return [(one["path"], one["message"]) for one in checked["findings"]]


def test_all_documents_are_listed(editor: Editor) -> None:
    found = editor.call("content")["documents"]

    assert [(one["kind"], one["title"]) for one in found] == [
        ("faqs", "faqs/general.yaml"),
        ("role", "Office Cook"),
    ]


def test_a_file_that_is_no_yaml_is_named_and_the_others_can_be_edited(
    editor: Editor, folder: Path
) -> None:
    (folder / "roles" / "broken.yaml").write_text("role: [broken", encoding="utf-8")

    found = editor.call("content")

    assert [one["file"] for one in found["broken"]] == ["roles/broken.yaml"]
    assert len(found["documents"]) == 2
    opened = editor.open()
    editor.save(opened, opened["form"] | {"title": "Head Cook"})
    assert 'title: "Head Cook"' in editor.text()


def test_an_unchanged_form_saves_the_same_bytes(editor: Editor) -> None:
    opened = editor.open()

    editor.save(opened, opened["form"])

    assert editor.text() == ROLE


def test_a_byte_order_mark_stays(editor: Editor, folder: Path) -> None:
    path = folder / "roles" / "office-cook.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ROLE.replace("\n", "\r\n").encode())
    opened = editor.open()
    assert editor.check(opened, opened["form"])["changes"] == []

    editor.save(opened, opened["form"] | {"title": "Chef"})

    after = ROLE.replace("Office Cook", "Chef").replace("\n", "\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + after.encode()


def test_a_save_changes_only_the_lines_that_were_edited(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    section(form, "skills")["required"].append("Hygiene")
    section(form, "responsibilities")["items"].insert(1, "Order food")

    editor.save(opened, form)

    assert editor.text() == ROLE.replace("[Knife skills]", "[Knife skills, Hygiene]").replace(
        "  - Cook\n", "  - Order food\n  - Cook\n"
    )


def test_a_point_moves_to_another_section(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    section(form, "responsibilities")["items"].remove("Plan the menu")
    section(form, "skills")["preferred"].append("Plan the menu")

    editor.save(opened, form)

    role = load_knowledge_base(editor.folder).role("office-cook")
    assert role is not None
    by_key = {one.key: one for one in role.sections}
    assert by_key["responsibilities"].items == ("Cook",)
    assert by_key["skills"].preferred == ("French", "Plan the menu")
    assert "# in the order of a day" in editor.text()


def test_a_new_file_has_its_keys_in_the_order_of_all_written_files(editor: Editor) -> None:
    faq = {"owner": "@kitchen", "id": "oven", "reviewed": "2026-11-01", "question": "Which oven?"}
    form = {
        "owner": "@kitchen",
        "reviewed": "2026-11-01",
        "review_every": "90 days",
        "sections": [{"key": "overview", "text": "Bakes."}],
        "related": ["office-cook"],
        "faqs": [{**faq, "phrasings": ["oven"], "answer": "A big one.", "audience": "employees"}],
        "family": "kitchen",
        "title": "Baker",
        "role": "baker",
    }

    saved = editor.call("create", form=form)

    role = load_knowledge_base(editor.folder).role("baker")
    assert role is not None
    made, written = yaml.safe_load(editor.text(saved["file"])), yaml.safe_load(role_file(role))
    assert list(made) == list(written)
    assert list(made["faqs"][0]) == list(written["faqs"][0])


def test_problems_stand_at_their_fields(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    form["reviewed"] = "2026-13-01"
    del form["title"]
    form["sections"].insert(0, {"key": "day-to-day", "text": ""})
    section(form, "skills")["years"] = {"min": 5, "max": 2}
    form["faqs"][0]["id"] = "No Id"

    places = [path for path, _ in messages(editor.check(opened, form))]

    assert ["reviewed"] in places
    assert ["title"] in places
    assert ["faqs", 0, "id"] in places
    assert any(path[:2] == ["sections", 3] for path in places)


def test_tabs_that_ask_at_once_are_answered_one_after_the_other(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, both, met = Engine.ask, Barrier(2), []

    def meet(engine: Engine, question: str | Question) -> Result:
        with suppress(BrokenBarrierError):
            both.wait(0.2)
            met.append(question)
        return asked(engine, question)

    monkeypatch.setattr(Engine, "ask", meet)
    with ThreadPoolExecutor(2) as tabs:
        found = list(tabs.map(lambda text: editor.call("ask", question=text), ["knives", "park"]))
    assert not met
    assert [one["result"]["question"] for one in found] == ["knives", "park"]


def test_a_warning_stands_at_its_entry(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    form["faqs"].append({"id": "knife", "question": "Knives?", "answer": "Bring them if you like."})

    found = editor.check(opened, form)["findings"]

    assert (["faqs", 1], "answers-alike") in [
        (one["path"], "answers-alike") for one in found if "answer" in one["message"].lower()
    ]


def test_a_problem_of_another_file_names_the_file(editor: Editor, folder: Path) -> None:
    (folder / "faqs" / "more.yaml").write_text("faqs:\n  - id: x\n", encoding="utf-8")
    opened = editor.open()

    found = editor.check(opened, opened["form"])["findings"]

    assert {one["file"] for one in found} == {"faqs/more.yaml"}
    assert all(one["path"] == [] for one in found)


def test_a_check_shows_what_a_save_would_change(editor: Editor) -> None:
    opened = editor.open()

    changes = editor.check(opened, opened["form"] | {"title": "Head Cook"})["changes"]

    assert '-title: "Office Cook"' in changes
    assert '+title: "Head Cook"' in changes
    assert editor.text() == ROLE


def test_changes_are_said_in_words(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    form["owner"] = "@kitchen"
    section(form, "overview")["text"] = "Cooks lunch for the whole office and plans the menu."
    section(form, "skills")["required"] = ["Knife skills", "Hygiene", "Patience"]
    del section(form, "skills")["preferred"]
    section(form, "responsibilities")["items"].reverse()
    form["sections"].append({"key": "perks", "title": "Perks", "text": "Free *lunch*."})
    form["faqs"] = [{"id": "fish", "question": "Fish?", "answer": "On Fridays."}]

    assert words(editor.check(opened, form)) == [
        "Overview, Text: Cooks lunch for the whole office and plans the menu.",
        "Responsibilities, Points: in another order",
        "Skills, Required: added “Hygiene”",
        "Skills, Required: added “Patience”",
        "Skills, Preferred: removed “French”",
        "Perks: new section",
        "Perks, Text: “Free *lunch*.”",
        "Fish?: new FAQ",
        "Fish?, Answer: “On Fridays.”",
        "Do I need my own knives?: FAQ removed",
        "Owner: “@kitchen”",
    ]


def test_what_nobody_has_saved_yet_is_checked_and_asked(editor: Editor) -> None:
    form = editor.call("new", kind="role", title="Warehouse Lead")["form"]
    form["sections"].append({"key": "skills", "required": ["Forklift licence"], "preferred": [1]})

    broken = editor.call("check", form=form)["findings"]
    assert any(one["path"][:2] == ["sections", 1] for one in broken)

    form["sections"][1].pop("preferred")
    found = editor.call("ask", question="skills of a warehouse lead", form=form)
    assert found["result"]["entries"][0]["id"] == "warehouse-lead/skills"
    assert not (editor.folder / "roles" / "warehouse-lead.yaml").exists()


def test_a_question_is_answered_from_what_is_not_saved(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    form["faqs"].append(
        {"id": "uniform", "question": "Do I wear a uniform?", "answer": "A white jacket."}
    )
    asked: dict[str, Any] = {"question": "Do cooks wear a uniform?", "role": "office-cook"}
    where = {"file": opened["file"], "number": 0}

    drafted = editor.call("ask", **asked, **where, form=form)
    saved = editor.call("ask", **asked)

    assert drafted["result"]["entries"][0]["id"] == "office-cook/faq/uniform"
    assert drafted["candidates"][0]["id"] == "office-cook/faq/uniform"
    assert drafted["why"][0]["contributions"]
    assert all(one["id"] != "office-cook/faq/uniform" for one in saved["result"]["entries"])


def test_each_question_is_asked_on_demand(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    # The same question twice can't come home to both.
    form["faqs"].append(
        {"id": "own", "question": "Must I own knives?", "answer": "No, never, not at all."}
    )
    form["faqs"][1]["phrasings"] = ["Do I need my own knives"]

    without = editor.check(opened, form)["findings"]
    found = editor.check(opened, form, ask=True)["findings"]

    assert len(found) > len(without)
    assert any("Do I need my own knives" in one["message"] for one in found)


def test_tests_of_a_draft_are_asked_on_demand_each_time(editor: Editor) -> None:
    opened = editor.open()
    form = deepcopy(opened["form"])
    form["faqs"][0]["matches"] = ["Who is the owner of the moon?"]

    for _ in range(2):
        found = editor.check(opened, form, ask=True)["findings"]
        places = [one["path"] for one in found if "owner of the moon" in one["message"]]
        assert places == [["faqs", 0]]


def test_a_draft_with_a_problem_is_not_asked_but_says_what_to_mend(editor: Editor) -> None:
    opened = editor.open()
    form = opened["form"] | {"title": ""}
    where = {"file": opened["file"], "number": 0}

    refused = editor.call("ask", 422, question="what do cooks do", form=form, **where)

    assert "Mend what is marked first" in refused["error"]


def test_two_people_who_change_different_fields_both_keep_theirs(editor: Editor) -> None:
    anna, ben = editor.open(), editor.open()
    theirs = deepcopy(anna["form"])
    section(theirs, "skills")["required"].append("Hygiene")
    editor.save(anna, theirs)

    refused = editor.save(ben, ben["form"] | {"title": "Head Cook"}, 409)
    conflict = refused["conflict"]

    assert conflict["theirs"] == [["sections", "skills", "required"]]
    assert conflict["both"] == []
    assert 'title: "Office Cook"' in editor.text()
    now = editor.open()
    editor.save(now, conflict["form"])
    assert editor.text() == ROLE.replace("Office Cook", "Head Cook").replace(
        "[Knife skills]", "[Knife skills, Hygiene]"
    )


def test_where_two_people_change_one_field_the_second_sees_it(editor: Editor) -> None:
    anna, ben = editor.open(), editor.open()
    editor.save(anna, anna["form"] | {"title": "Chef"})

    conflict = editor.save(ben, ben["form"] | {"title": "Head Cook"}, 409)["conflict"]

    assert conflict["both"] == [["title"]]
    assert conflict["form"]["title"] == "Head Cook"
    assert conflict["version"] != ben["version"]


def test_a_save_can_be_undone_unless_the_file_has_changed_since(editor: Editor) -> None:
    opened = editor.open()
    editor.save(opened, opened["form"] | {"title": "Chef"})
    editor.call("undo")
    assert editor.text() == ROLE

    editor.save(editor.open(), opened["form"] | {"title": "Chef"})
    path = editor.folder / opened["file"]
    path.write_text(path.read_text() + "# a remark\n")

    assert "changed this meanwhile" in editor.call("undo", 422)["error"]
    assert path.read_text().endswith("# a remark\n")


def test_an_undo_without_a_save_does_nothing(editor: Editor) -> None:
    assert "nothing to undo" in editor.call("undo")["note"]


def test_a_removed_role_comes_back_by_an_undo(editor: Editor) -> None:
    opened = editor.open()

    editor.call("remove", file=opened["file"], number=0)
    assert not (editor.folder / opened["file"]).exists()

    editor.call("undo")
    assert editor.text() == ROLE


def test_an_empty_folder_becomes_content_that_loads(tmp_path: Path) -> None:
    editor = Editor(tmp_path / "knowledge")
    assert editor.call("content")["documents"] == []

    made = created(editor, "role", "Warehouse Lead")
    created(editor, "faqs", "Where can I park")

    knowledge_base = load_knowledge_base(editor.folder)
    assert [role.title for role in knowledge_base.roles] == ["Warehouse Lead"]
    assert [faq.question for faq in knowledge_base.faqs] == ["Where can I park?"]
    assert (editor.folder / "schema.json").is_file()
    opened = editor.open(made["file"])
    assert editor.check(opened, opened["form"])["findings"] == []


def test_a_second_role_of_the_same_title_gets_a_file_of_its_own(editor: Editor) -> None:
    made = created(editor, "role", "Office Cook")

    assert made["file"] != "roles/office-cook.yaml"
    assert editor.text() == ROLE


def test_a_dropped_document_becomes_the_form_of_a_role(editor: Editor) -> None:
    text = b"Warehouse Lead\n\nResponsibilities\n\n- Plan the shifts\n- Check goods\n"

    answer = editor.client.post("/calls/import?name=lead.txt", content=text)

    (found,) = answer.json()["drafts"]
    assert found["form"]["title"] == "Warehouse Lead"
    assert section(found["form"], "responsibilities")["items"] == ["Plan the shifts", "Check goods"]
    assert found["report"]["kept"] == found["report"]["words"]
    made = editor.call("create", form=found["form"])
    assert made["file"] == "roles/warehouse-lead.yaml"


def imported(editor: Editor, name: str, content: bytes, status: int = 200, **chosen: Any) -> Any:
    answer = editor.client.post("/calls/import", params={"name": name, **chosen}, content=content)
    assert answer.status_code == status, answer.text
    return answer.json()


def workbook(**sheets: list[list[str]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_dropped_table_becomes_forms_of_what_is_new_and_what_changes(editor: Editor) -> None:
    table = (
        "kind,role,id,title,text,colour\r\n"
        "faq,,parking,Where can I park?,In front of the house.,red\r\n"
        "faq,,,Is there a canteen?,Yes.,red\r\n"
        "role,baker,,Baker,,red\r\n"
        "section,baker,overview,,Bakes.,red\r\n"
    )

    found = imported(editor, "more.csv", table.encode())

    assert found["table"] == {"roles": 1, "faqs": 2, "unknown": ["colour"], "changed": 1}
    role, changed, new = found["drafts"]
    assert role["form"]["sections"] == [{"key": "overview", "text": "Bakes."}]
    assert changed["file"] == "faqs/general.yaml"
    assert words(editor.check(changed, changed["form"])) == [
        "Where can I park?, Answer: “Behind the house.” becomes “In front of the house.”"
    ]
    assert [one["id"] for one in new["form"]["faqs"]] == ["is-there-a-canteen"]
    base = changed["base"]
    where = {"file": changed["file"], "number": changed["number"]}
    editor.call("save", form=changed["form"], base=base, **where)
    assert editor.text("faqs/general.yaml") == FAQS.replace("Behind", "In front of")
    for draft in (role, new):
        editor.call("create", form=draft["form"])
    assert imported(editor, "more.csv", table.encode())["drafts"] == []


def test_a_table_with_several_sheets_and_a_title_is_asked_about(editor: Editor) -> None:
    answers = [["HR answers 2026"], ["Question", "Answer"], ["Is there a canteen?", "Yes."]]
    content = workbook(Answers=answers, Notes=[["Ask Ann"]])

    found = imported(editor, "faqs.xlsx", content)
    assert found["choose"] == {"what": "sheet", "options": ["Answers", "Notes"]}

    found = imported(editor, "faqs.xlsx", content, sheet="Answers")
    rows = ["HR answers 2026", "Question | Answer", "Is there a canteen? | Yes."]
    assert found["choose"] == {"what": "row", "options": rows, "likely": 2}

    (draft,) = imported(editor, "faqs.xlsx", content, sheet="Answers", row="2")["drafts"]
    assert draft["form"]["faqs"][0]["question"] == "Is there a canteen?"


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.csv", b"Question,Answer\nHow?,By tram, or bus\n", "stands in no column"),
        ("a.xlsx", b"PK but no workbook", "isn't a valid Excel file: save it again"),
        ("a.csv", b"", "a.csv is empty"),
        ("old.xls", b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"),
    ],
)
def test_a_table_that_can_not_be_read_is_refused_with_advice(
    editor: Editor, name: str, content: bytes, advice: str
) -> None:
    error = imported(editor, name, content, status=422)["error"]

    assert advice in error
    assert error.startswith(name)


def test_a_file_that_is_too_large_is_refused_with_advice(editor: Editor) -> None:
    content = b"x" * (MAX_BODY + 1)

    assert "larger than 20 MB" in imported(editor, "lead.docx", content, status=413)["error"]
    assert (
        "larger than 20 MB" in editor.client.post("/calls/check", content=content).json()["error"]
    )


def test_a_document_without_text_is_refused_with_advice(editor: Editor) -> None:
    answer = editor.client.post("/calls/import?name=../../empty.txt", content=b" ")

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("empty.txt contains no text")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "First")
    return folder


def test_with_git_a_save_is_a_commit_of_its_file_alone(repository: Path) -> None:
    editor = Editor(repository, GitMode.COMMIT)
    (repository / "faqs" / "general.yaml").write_text(FAQS + "# not ready\n")
    opened = editor.open()

    saved = editor.save(opened, opened["form"] | {"title": "Chef"})

    assert saved["note"].startswith("Committed")
    assert git(repository, "show", "--name-only", "--format=", "HEAD") == "roles/office-cook.yaml"
    assert git(repository, "status", "--short") == "M faqs/general.yaml"


def test_for_review_a_save_is_a_branch_and_the_files_stay(repository: Path) -> None:
    editor = Editor(repository, GitMode.BRANCH)
    opened = editor.open()

    saved = editor.save(opened, opened["form"] | {"title": "Chef"})

    branch = saved["note"].split()[2].rstrip(",")
    assert editor.text() == ROLE
    assert git(repository, "status", "--short") == ""
    changed = git(repository, "show", "--format=", branch)
    assert '+title: "Chef"' in changed
    assert changed.count("\n+") == 2


def test_for_review_something_new_is_a_branch_too(repository: Path) -> None:
    editor = Editor(repository, GitMode.BRANCH)

    saved = created(editor, "role", "Warehouse Lead")

    assert saved["pending"]
    assert not (repository / saved["file"]).exists()
    branch = saved["note"].split()[2].rstrip(",")
    assert "+role: warehouse-lead" in git(repository, "show", "--format=", branch)


def test_git_without_a_repository_is_refused_at_the_start(folder: Path) -> None:
    with pytest.raises(UsageError, match="--git off"):
        Editor(folder, GitMode.COMMIT)


@pytest.mark.parametrize("name", ["../secret.yaml", "/etc/passwd", "roles/none.yaml", ""])
def test_only_files_of_the_content_can_be_read_or_written(editor: Editor, name: str) -> None:
    for call in ("document", "remove", "check"):
        refused = editor.call(call, 422, file=name, number=0, form={"role": "x"})
        assert "load the page anew" in refused["error"]


def test_pages_of_other_sites_change_nothing(editor: Editor) -> None:
    answer = editor.client.post(
        "/calls/remove",
        json={"file": "roles/office-cook.yaml"},
        headers={"Origin": "https://example.com"},
    )

    assert answer.status_code == 403
    assert editor.text() == ROLE
    assert editor.client.get("/", headers={"Host": "example.com"}).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"form": []}', b'{"file": 3, "number": "x"}', b"[" * 9999]
)
@pytest.mark.parametrize("call", ["document", "check", "ask", "save", "create", "preview"])
def test_a_request_that_no_page_sends_is_answered_with_advice(
    editor: Editor, call: str, body: bytes
) -> None:
    answer = editor.client.post(f"/calls/{call}", content=body)

    assert answer.status_code in (200, 400, 422)
    assert answer.status_code == 200 or answer.json()["error"]


def test_markdown_is_shown_as_slack_shows_it(editor: Editor) -> None:
    blocks = editor.call("preview", markdown="**bold**\n\n- a point")["blocks"]

    assert [part["type"] for part in blocks[0]["elements"]] == [
        "rich_text_section",
        "rich_text_list",
    ]
