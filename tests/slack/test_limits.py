"""Who asks too much is told so once, kindly and alone."""

from __future__ import annotations

from faqbot.runtime.rate_limit import Decision, Limits, TokenBuckets
from tests.slack.conftest import Slack, serving


def test_a_minutes_worth_may_come_at_once_and_then_refills() -> None:
    now = 0.0
    rates = TokenBuckets(3, clock=lambda: now)
    assert [rates.ask("U1") for _ in range(5)] == [
        *[Decision.ALLOW] * 3,
        Decision.WARN,
        Decision.DROP,
    ]
    assert rates.ask("U2") is Decision.ALLOW
    now = 20.0
    assert [rates.ask("U1") for _ in range(2)] == [Decision.ALLOW, Decision.WARN]
    now = 1000.0
    assert [rates.ask("U1") for _ in range(4)] == [*[Decision.ALLOW] * 3, Decision.WARN]


def test_without_a_limit_everything_is_taken() -> None:
    rates = TokenBuckets(0)
    assert {rates.ask("U1") for _ in range(1000)} == {Decision.ALLOW}


def whispers(slack: Slack) -> list[str]:
    said = slack.workspace.state.messages(slack.workspace.state.channel("#general").id)
    return [message.text for message in said if message.visible_to]


async def test_a_person_who_asks_too_much_is_told_once_and_others_are_answered() -> None:
    async with serving(limits=Limits.of(2, 0)) as slack:
        for _ in range(2):
            await slack.asked("data analyst skills")
        silent = [
            await slack.maya.say("#general", slack.mention("data analyst skills")) for _ in range(3)
        ]
        await slack.workspace.settled()
        assert len(whispers(slack)) == 1
        assert "2 a minute" in whispers(slack)[0]
        assert [slack.workspace.answers("#general", ts) for ts in silent] == [()] * 3
        ts = await slack.workspace.person("jonas").say(
            "#general", slack.mention("data analyst skills")
        )
        assert "SQL" in (await slack.answer("#general", ts)).text


async def test_a_command_above_the_limit_is_answered_privately_each_time() -> None:
    async with serving(limits=Limits.of(1, 0)) as slack:
        first = await slack.maya.command("/role", "data analyst", "#general")
        assert "Data Analyst" in first.messages[0].text
        for _ in range(2):
            refused = await slack.maya.command("/role", "data analyst", "#general")
            assert refused.ok
            assert "1 a minute" in refused.messages[0].text


async def test_a_workspace_has_a_limit_of_its_own() -> None:
    async with serving(limits=Limits.of(0, 2)) as slack:
        jonas = slack.workspace.person("jonas")
        await slack.asked("data analyst skills")
        await jonas.command("/role", "data analyst", "#general")
        refused = await jonas.command("/role", "data analyst", "#general")
        assert "Very many people" in refused.messages[0].text


async def test_clicks_and_what_nobody_asked_count_for_nothing() -> None:
    async with serving(limits=Limits.of(1, 0)) as slack:
        _, answer = await slack.asked("data analyst skills")
        for number in range(5):
            await slack.maya.say("#general", f"lunch at {number}?")
            assert (await slack.maya.click(answer, label="Education")).ok
        await slack.workspace.settled()
        assert whispers(slack) == []
