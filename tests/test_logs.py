"""What is logged or printed shows no secret: not in texts, values, errors or tracebacks."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from faqbot.runtime.logs import configure_logging
from faqbot.settings.sources import mask, mask_value

SECRETS = {
    "bot token": ("xoxb-123-456-hidden", "hidden"),
    "user token": ("xoxp-123-hidden", "hidden"),
    "rotating bot token": ("xoxe.xoxb-1-Mi0hidden", "hidden"),
    "refresh token": ("xoxe-1-My0hidden", "hidden"),
    "app token": ("xapp-1-A0123-456-hidden", "hidden"),
    "workflow token": ("xwfp-1-hidden", "hidden"),
    "token in an address": ("token=xoxb-1-hidden&ok=true", "hidden"),
    "database": ("postgresql://faqbot:hidden@db:5432/faqbot", "hidden"),
    "database, encoded": ("postgresql+asyncpg://faqbot:hid%40den%2F@db/faqbot", "hid%40den"),
    "database, an @ inside": ("postgresql://faqbot:hid@den@db/faqbot", "hid@den"),
    "database, in options": ("postgresql://db/faqbot?user=faqbot&password=hidden", "hidden"),
    "database, as words": ("host=db password=hidden dbname=faqbot", "hidden"),
    "content's address": ("git+https://ghp_hidden@git.example.org/content.git", "hidden"),
    "content's password": ("git+https://me:hidden@git.example.org/content.git", "hidden"),
    "client secret": ("client_id=1.2&client_secret=hidden", "hidden"),
    "quoted client secret": ('{"client_secret": "hidden words"}', "hidden"),
    "signing secret": ("SLACK_SIGNING_SECRET=hidden", "hidden"),
    "keys": ("FAQBOT_SECRET_KEYS=hidden1=,hidden2=", "hidden"),
    "code": ("GET /slack/oauth_redirect?code=1.2.hidden&state=hidden", "hidden"),
    "ticket": ("wss://wss-primary.slack.com/link/?ticket=hidden&app_id=A1", "hidden"),
    "response url": ("https://hooks.slack.com/commands/T0/12/hidden", "hidden"),
    "header": ("Authorization: Bearer hidden-hidden", "hidden"),
    "signature": ("v0=" + "ab" * 32, "abab"),
}


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    own = logging.getLogger("faqbot")
    handlers, levels = root.handlers, (root.level, own.level)
    written = io.StringIO()
    configure_logging("debug", request.param, written)
    yield written
    root.handlers = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_no_secret_can_be_read_wherever_it_is_logged(
    log: io.StringIO, text: str, secret: str
) -> None:
    logger = logging.getLogger("faqbot.test")
    structlog.contextvars.bind_contextvars(bound=text)
    logger.info(text)
    logger.info("value %s in %s", text, {"deep": [text]})
    logger.info("extra", extra={"one": text, "deep": {"list": [text, (text,)], text: 1}})
    try:
        int(f"is no number: {text}")
    except ValueError as error:
        logger.exception("failed", extra={"error": error})
    assert secret not in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert log.getvalue().count("…") >= 6


NAMES = ("client_secret", "password", "token", "refresh_token", "Authorization", "SECRET_KEYS")


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_masked_by_its_name(log: io.StringIO, name: str) -> None:
    logging.getLogger("faqbot.test").info("set", extra={name: "plainword", "deep": {name: "plain"}})
    assert "plain" not in log.getvalue()


HARMLESS = (
    "faqbot runs in a local Slack workspace: http://127.0.0.1:8765/",
    "reference 1a2b: SlackApiError (invalid_auth) while handling message",
    "status code: 404, socket state: connected",
    "database: sqlite:////home/me/.local/share/faqbot/faqbot.db",
    "owners: people@example.org",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert mask(text) == text


def test_numbers_and_truths_stay_what_they_are() -> None:
    value: Any = {"seconds": 0.5, "ok": True, "none": None, "names": ["a", 1]}
    assert mask_value(value) == value


def test_json_is_one_line_an_event() -> None:
    written = io.StringIO()
    root = logging.getLogger()
    before = root.handlers
    try:
        configure_logging("info", "json", written)
        logging.getLogger("faqbot.test").info("two\nlines", extra={"seconds": 0.5})
        logging.getLogger("faqbot.test").info("half a pair \ud800")
    finally:
        root.handlers = before
    first, *_ = written.getvalue().splitlines()
    assert json.loads(first)["event"] == "two\nlines"
    assert json.loads(first)["seconds"] == 0.5


def test_a_line_that_can_not_be_written_is_told_of_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before = root.handlers
    written = io.StringIO()
    try:
        configure_logging("info", "text", written)
        logging.getLogger("faqbot.test").info("%d questions", "private words")
    finally:
        root.handlers = before
    assert "could not be written" in written.getvalue()
    assert "private" not in written.getvalue() + capsys.readouterr().err


HOSTILE = ("a-", "a.b+c", "secret", "a://b:", "token ", "https://", 'secret="', "xoxb-", "code=")


@pytest.mark.parametrize("part", HOSTILE)
def test_masking_takes_no_long_time_whatever_is_logged(part: str) -> None:
    began = time.perf_counter()
    mask(part * (100_000 // len(part)))
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("driver", ["aiosqlite", "asyncpg", "sqlalchemy.engine", "aiohttp.client"])
def test_libraries_that_would_write_what_was_asked_stay_silent_at_every_level(
    log: io.StringIO, driver: str
) -> None:
    logging.getLogger(driver).debug("INSERT ... %s", ("which shoe size",))
    logging.getLogger(driver).info("INSERT ... %s", ("which shoe size",))
    logging.getLogger("faqbot.test").debug("ours")
    assert "ours" in log.getvalue()
    assert "shoe" not in log.getvalue()
