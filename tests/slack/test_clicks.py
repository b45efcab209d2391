"""Commands, buttons, menus, App Home and modals."""

from __future__ import annotations

import pytest

from faqbot.playground.blocks import elements
from faqbot.playground.models import Faults, ModalView, SlackMessage
from faqbot.playground.person import ActionResult
from tests.slack.conftest import Slack

pytestmark = pytest.mark.asyncio(loop_scope="module")


def labels(shown: SlackMessage | ModalView) -> list[str]:
    found = []
    for block in shown.blocks:
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            text = element.get("text") or element.get("placeholder")
            found.append(text["text"])
    return found


async def changed(slack: Slack, result: ActionResult, message: SlackMessage) -> None:
    """Wait until a private message was replaced."""
    await slack.workspace.until(lambda: result.messages[0].text != message.text)


async def test_faq_answers_privately_with_the_question(slack: Slack) -> None:
    result = await slack.maya.command("/faq", "which skills does a ux designer need", "#general")
    assert result.ok
    (message,) = result.messages
    assert message.visible_to == slack.maya.id
    assert "Figma" in message.text
    assert "You asked" in str(message.blocks[0])


@pytest.mark.parametrize("text", ["", "help"])
async def test_faq_without_a_question_shows_the_help(slack: Slack, text: str) -> None:
    result = await slack.maya.command("/faq", text, "#general")
    assert "What I can do" in result.messages[0].text


async def test_role_shows_the_full_description_and_its_parts(slack: Slack) -> None:
    result = await slack.maya.command("/role", "python developer", "#general")
    (message,) = result.messages
    assert "Responsibilities" in message.text
    assert "Django" in message.text
    assert "Skills" in labels(message)


async def test_role_with_a_section_shows_that_section(slack: Slack) -> None:
    result = await slack.maya.command("/role", "python developer skills", "#general")
    assert "Python Back End Developer · Skills" in result.messages[0].text


async def test_roles_are_compared_side_by_side(slack: Slack) -> None:
    result = await slack.maya.command("/role", "compare data analyst, data engineer", "#general")
    (message,) = result.messages
    assert "Data Analyst and Data Engineer" in message.text
    rows = [block for block in message.blocks if block["type"] == "section"]
    assert all(len(row["fields"]) == 2 for row in rows)
    assert "spreadsheets" in str(rows[0]["fields"][0])
    assert "Spark" in str(rows[0]["fields"][1])
    assert labels(message) == ["Data Analyst", "Data Engineer", "Share with everyone"]


async def test_comparison_of_one_role_asks_with_which(slack: Slack) -> None:
    result = await slack.maya.command("/role", "compare data analyst", "#general")
    (message,) = result.messages
    assert "Compare Data Analyst with which role?" in message.text
    await slack.maya.select(message, "Data Engineer")
    await slack.workspace.until(
        lambda: any("Data Analyst and Data Engineer" in one.text for one in result.messages)
    )


async def test_comparison_without_roles_asks_for_both(slack: Slack) -> None:
    result = await slack.maya.command("/role", "compare", "#general")
    await slack.maya.select(result.messages[0], "Data Analyst")
    asked = await slack.workspace.until(
        lambda: next((one for one in result.messages if "with which" in one.text), None)
    )
    assert "Data Analyst" not in str(asked.blocks[1:])


async def test_comparison_with_a_role_that_is_not_known_says_so(slack: Slack) -> None:
    result = await slack.maya.command("/role", "compare data analyst, astronaut", "#general")
    (message,) = result.messages
    assert "no description of “astronaut”" in message.text
    assert "Compare Data Analyst with which role?" in message.text


async def test_advertisement_without_a_role_asks_for_which(slack: Slack) -> None:
    result = await slack.maya.command("/role", "advert", "#general")
    (message,) = result.messages
    assert "For which role?" in message.text
    await slack.maya.select(message, "Data Analyst")
    await slack.workspace.until(
        lambda: any("Data Analyst · job advertisement" in one.text for one in result.messages)
    )


async def test_long_comparison_shows_what_differs_and_the_rest_on_request(slack: Slack) -> None:
    command = "compare data analyst, python back end developer"
    result = await slack.maya.command("/role", command, "#general")
    (message,) = result.messages
    assert "REST APIs" in str(message.blocks)
    assert "Docker" not in str(message.blocks)
    await slack.maya.click(message, label="Show all")
    shown = await slack.workspace.until(
        lambda: next((m for m in result.messages if "Docker" in str(m.blocks)), None)
    )
    assert "REST APIs" in str(shown.blocks)
    assert "Show all" not in labels(shown)


async def test_shared_comparison_is_the_comparison(slack: Slack) -> None:
    result = await slack.maya.command("/role", "compare data analyst, data engineer", "#general")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    shared = await slack.workspace.until(
        lambda: [m for m in slack.workspace.answers("#general") if "shares an answer" in str(m)]
    )
    assert "Data Analyst and Data Engineer" in str(shared[-1].blocks)


async def test_question_about_a_requirement_is_answered_in_the_thread(slack: Slack) -> None:
    _, answer = await slack.asked("is docker mandatory for a python developer?")
    assert answer.blocks[0]["type"] == "header"
    assert answer.blocks[0]["text"]["text"] == "Preferred, not required"
    assert "Skills" in str(answer.blocks[1:])


async def test_roles_are_found_by_their_requirements(slack: Slack) -> None:
    _, answer = await slack.asked("which roles need SQL?")
    assert {"Data Analyst", "Data Engineer"} <= set(labels(answer))


async def test_an_advertisement_is_given_in_the_thread(slack: Slack) -> None:
    _, answer = await slack.asked("write me a job ad for a data analyst")
    assert "Data Analyst · job advertisement" in answer.text
    assert "Required skills" in answer.text


async def test_all_of_a_long_role_is_given_in_pages(slack: Slack) -> None:
    _, answer = await slack.asked("the whole profile of an archivist")
    assert "Duty 0:" in answer.text
    assert "Next page" in labels(answer)


async def test_the_owner_of_a_role_is_named_in_the_thread(slack: Slack) -> None:
    _, answer = await slack.asked("who is my contact for the ux designer role?")
    assert "The owner of the description of UX Designer is @people" in answer.text


async def test_what_a_role_does_not_name_leads_to_its_parts_and_its_owner(slack: Slack) -> None:
    _, answer = await slack.asked("is zorbify required for a data analyst?")
    assert "I don't find “zorbify” in the description of Data Analyst" in answer.text
    assert "@people may know" in answer.text
    assert "Skills" in labels(answer)


async def test_page_button_replaces_the_page_of_a_long_description(slack: Slack) -> None:
    result = await slack.maya.command("/role", "archivist", "#general")
    seen = ""
    for _ in range(20):
        (message,) = result.messages
        seen += str(message.blocks)
        if "Next page" not in labels(message):
            break
        assert (await slack.maya.click(message, label="Next page")).ok
        await changed(slack, result, message)
    assert all(f"Duty {number}:" in seen for number in range(300))
    assert "Patience" in seen
    (message,) = result.messages
    await slack.maya.click(message, label="Previous page")
    await changed(slack, result, message)


async def test_menu_of_the_list_opens_a_role(slack: Slack) -> None:
    result = await slack.maya.command("/roles", "", "#general")
    (message,) = result.messages
    assert "UX Designer" in message.text
    await slack.maya.select(message, "UX Designer")
    await slack.workspace.until(lambda: "good to have" in result.messages[0].text)


async def test_role_without_a_name_lists_roles(slack: Slack) -> None:
    result = await slack.maya.command("/role", "", "#general")
    assert "Roles that I know" in result.messages[0].text


async def test_a_private_answer_is_replaced_by_the_part_that_is_clicked(slack: Slack) -> None:
    result = await slack.maya.command("/role", "python developer skills", "#general")
    await slack.maya.click(result.messages[0], label="Education")
    await slack.workspace.until(lambda: "computer science" in result.messages[0].text)
    assert len(result.messages) == 1


async def test_private_answer_is_posted_again_when_its_response_url_fails(slack: Slack) -> None:
    result = await slack.maya.command("/role", "python developer skills", "#general")
    slack.workspace.faults = Faults(refuse_response_urls=9)
    await slack.maya.click(result.messages[0], label="Education")
    await slack.workspace.until(lambda: len(result.messages) == 2)
    slack.workspace.faults = Faults()
    assert "computer science" in result.messages[1].text


async def test_a_part_is_shown_in_the_thread(slack: Slack) -> None:
    ts, answer = await slack.asked("python developer skills")
    await slack.maya.click(answer, label="Education")
    assert "computer science" in (await slack.answer("#general", ts, 2)).text


async def test_the_full_description_is_one_click_away(slack: Slack) -> None:
    ts, answer = await slack.asked("python developer skills")
    await slack.maya.click(answer, label="Full description")
    full = await slack.answer("#general", ts, 2)
    assert "Responsibilities" in full.text
    assert "2 to 5 years" in full.text


async def test_a_clicked_part_changes_what_the_thread_is_about(slack: Slack) -> None:
    ts, answer = await slack.asked("what skills do I need?")
    await slack.maya.select(answer, "Data Engineer", action_id="choose:menu-0")
    await slack.workspace.until(lambda: "Spark" in slack.workspace.answers("#general", ts)[0].text)
    await slack.maya.say("#general", "and the education?", thread_ts=ts)
    assert "Data Engineer · Education" in (await slack.answer("#general", ts, 2)).text


async def test_none_of_these_is_acknowledged_with_advice(slack: Slack) -> None:
    ts, answer = await slack.asked("what skills do I need?")
    await slack.maya.click(answer, label="None of these")
    await slack.workspace.until(
        lambda: "Sorry about that" in slack.workspace.answers("#general", ts)[0].text
    )


async def test_button_of_a_removed_entry_is_declined(slack: Slack) -> None:
    ts, answer = await slack.asked("python developer skills")
    found = next(e for e in elements(answer.blocks) if e.action_id == "show:0")
    await slack.maya.act(answer, {**found.click(), "value": "gone/skills|x|999999"})
    assert "no longer" in (await slack.answer("#general", ts, 2)).text


async def test_several_parts_in_one_question_are_one_answer(slack: Slack) -> None:
    _, answer = await slack.asked("skills and education for data analyst")
    assert "spreadsheets" in answer.text
    assert "degree or experience" in answer.text


async def test_home_lists_roles_and_opens_one(slack: Slack) -> None:
    await slack.maya.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("maya"))
    assert "Archivist" in labels(home)
    await slack.maya.click(home, label="Data Analyst")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    assert "good to have" in str(modal.blocks)
    await slack.maya.click(modal, label="Skills")
    await slack.workspace.until(
        lambda: "spreadsheets" in str((slack.workspace.modal("maya") or modal).blocks)
    )
    shown = slack.workspace.modal("maya")
    assert shown is not None
    await slack.maya.close(shown)


async def test_home_asks_an_example_question(slack: Slack) -> None:
    await slack.maya.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("maya"))
    await slack.maya.click(home, label="How do I apply?")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    assert "Send us your documents" in str(modal.blocks)
    await slack.maya.close(modal)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("which skills does a qa engineer need", "patience"), ("help", "What I can do")],
)
async def test_the_search_modal_answers(slack: Slack, typed: str, shown: str) -> None:
    await slack.maya.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("maya"))
    await slack.maya.click(home, label="Ask a question")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    result = await slack.maya.submit(modal, {"text": typed})
    assert result.ok, result.error
    answer = slack.workspace.modal("maya")
    assert answer is not None
    assert shown in str(answer.blocks)
    await slack.maya.close(answer)


async def test_opening_the_conversation_first_is_greeted_once(slack: Slack) -> None:
    jonas = slack.workspace.person("jonas")
    await jonas.open_dm()
    (hello,) = await slack.workspace.until(lambda: slack.workspace.answers("@jonas"))
    assert "Hello" in hello.text
    await jonas.open_dm()
    await slack.silent(lambda: len(slack.workspace.answers("@jonas")))
    await jonas.click(hello, label="How do I apply?")
    said = await slack.workspace.until(lambda: slack.workspace.answers_since("@jonas", hello.ts))
    assert "documents" in said[0].text


async def test_a_decline_names_what_was_understood_and_leads_on(slack: Slack) -> None:
    _, answer = await slack.asked("where does a data analyst park the car")
    assert "I know the Data Analyst, but" in answer.text
    assert "Python Back End Developer" not in answer.text
    assert "All roles" in labels(answer)
    await slack.maya.click(answer, label="All roles")
    listed = await slack.answer("#general", answer.thread_ts, 2)
    assert "Roles that I know" in listed.text


async def test_none_of_the_choices_leads_on(slack: Slack) -> None:
    _, answer = await slack.asked("which education?")
    assert (await slack.maya.click(answer, label="None of these")).ok
    shown = await slack.workspace.until(
        lambda: [m for m in slack.workspace.answers("#general", answer.thread_ts) if m.edited]
    )
    assert "All roles" in labels(shown[0])
