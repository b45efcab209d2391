from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from faqbot.errors import SettingsError
from faqbot.settings.describe import describe
from faqbot.settings.models import Mode, Settings
from faqbot.settings.sources import configured_knowledge

BOT, APP = "xoxb-1-secret", "xapp-1-secret"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*Settings.model_fields, *RENAMED):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_no_slack_variable_means_the_local_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, SLACK_BOT_TOKEN="", PORT="")
    assert found.mode is Mode.LOCAL_WORKSPACE
    assert found.listen_port == 8765


def test_an_app_token_means_socket_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP)
    assert found.mode is Mode.SOCKET


def test_a_signing_secret_means_http(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, SLACK_BOT_TOKEN=BOT, SLACK_SIGNING_SECRET="s")
    assert found.mode is Mode.HTTP
    assert found.listen_port == 3000


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN={BOT}\nSLACK_APP_TOKEN={APP}\nPORT=8000\n")
    found = Settings()
    assert found.mode is Mode.SOCKET
    assert found.listen_port == 8000


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch, SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP, SLACK_SIGNING_SECRET="secret"
    )
    shown = "\n".join((*describe(found), repr(found), str(found)))
    assert "1-secret" not in shown
    assert "Socket Mode" in shown


def test_secrets_inside_addresses_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        SLACK_BOT_TOKEN=BOT,
        SLACK_SIGNING_SECRET="hidden-signing",
        SLACK_API_URL="https://me:hidden-api@slack.example.org/api/",
        FAQBOT_KNOWLEDGE="git+https://hidden-git@git.example.org/content.git",
        FAQBOT_DATABASE_URL="postgresql://me:hidden%40db@db/faqbot?password=hidden-option",
        FAQBOT_SECRET_KEYS="hidden-key",
    )
    dumped = (str(found.model_dump()), found.model_dump_json())
    shown = "\n".join((*describe(found), repr(found), str(found), *dumped))
    assert "hidden" not in shown
    assert "git.example.org" in shown


def test_a_client_secret_alone_is_no_local_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="SLACK_CLIENT_SECRET is set but SLACK_BOT_TOKEN"):
        settings(monkeypatch, SLACK_CLIENT_SECRET="hidden")


def test_the_web_api_address_ends_in_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        SLACK_BOT_TOKEN=BOT,
        SLACK_APP_TOKEN=APP,
        SLACK_API_URL="http://127.0.0.1:1/api",
    )
    assert found.slack_api_url == "http://127.0.0.1:1/api/"


def test_all_problems_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(
            monkeypatch,
            SLACK_APP_TOKEN="xoxp-secret",
            SLACK_API_URL="slack.com",
            PORT="99999",
            FAQBOT_LOG_LEVEL="loud",
        )
    text = str(caught.value)
    for expected in (
        "SLACK_APP_TOKEN",
        "SLACK_API_URL must",
        "SLACK_BOT_TOKEN is not",
        "PORT must",
    ):
        assert expected in text
    assert "FAQBOT_LOG_LEVEL" in text
    assert "xoxp-secret" not in text
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({"SLACK_BOT_TOKEN": BOT}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": APP}, "start with xoxb-"),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": BOT}, "start with xapp-"),
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN is not"),
        ({"PORT": "many"}, "whole number"),
    ],
)
def test_what_does_not_fit_together_is_said(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], advice: str
) -> None:
    with pytest.raises(SettingsError, match=advice):
        settings(monkeypatch, **variables)


RENAMED = {
    "FAQBOT_SPEAKS": "FAQBOT_CHANNEL_MODE",
    "FAQBOT_REMEMBER": "FAQBOT_QUESTION_PRIVACY",
    "FAQBOT_OWNERS": "FAQBOT_DEFAULT_OWNER",
    "FAQBOT_PULL_EVERY": "FAQBOT_PULL_INTERVAL",
    "FAQBOT_STOP_WITHIN": "FAQBOT_SHUTDOWN_TIMEOUT",
    "FAQBOT_QUESTIONS_PER_PERSON": "FAQBOT_RATE_LIMIT_USER",
    "FAQBOT_QUESTIONS_PER_WORKSPACE": "FAQBOT_RATE_LIMIT_WORKSPACE",
    "FAQBOT_DATABASE_POOL": "FAQBOT_DATABASE_POOL_SIZE",
    "FAQBOT_WORKSPACES_MEMORY": "FAQBOT_WORKSPACES_MEMORY_MB",
}


@pytest.mark.parametrize(("former", "name"), RENAMED.items())
def test_former_name_is_refused_with_the_new_one(
    monkeypatch: pytest.MonkeyPatch, former: str, name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(monkeypatch, **{former: "1"})
    assert str(caught.value) == f"{former} is now {name}: rename it."
    assert caught.value.exit_code == 2


def test_former_names_in_the_dotenv_file_are_refused_all_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FAQBOT_REMEMBER=hash\nfaqbot_speaks=all\nPORT=0\n")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value).splitlines() == [
        "FAQBOT_SPEAKS is now FAQBOT_CHANNEL_MODE: rename it.",
        "FAQBOT_REMEMBER is now FAQBOT_QUESTION_PRIVACY: rename it.",
        "PORT must be a whole number from 1 to 65535, such as 3000.",
    ]


def test_empty_former_name_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, FAQBOT_REMEMBER="").faqbot_question_privacy == "full"


def test_the_content_folder_is_known_whatever_the_tokens_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("FAQBOT_KNOWLEDGE=/of-the-file\nSLACK_BOT_TOKEN=wrong\n")
    assert configured_knowledge() == "/of-the-file"
    monkeypatch.setenv("FAQBOT_KNOWLEDGE", "/of-the-environment")
    assert configured_knowledge() == "/of-the-environment"


def test_a_file_that_is_not_text_is_advice(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\n")
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        Settings()


def test_a_file_that_may_not_be_read_is_advice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=1\n")
    refused = PermissionError(13, "Permission denied")

    def refuse(*_: object, **__: object) -> None:
        raise refused

    monkeypatch.setattr("dotenv.main.open", refuse, raising=False)
    with pytest.raises(SettingsError, match="Permission denied"):
        Settings()


KEY = "staff-key-" + "s" * 30


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("faqbot_api_keys", KEY, "must be AUDIENCE:KEY"),
        ("faqbot_api_keys", f"staff:{KEY}", "an audience is missing; known are everyone"),
        ("faqbot_api_keys", "employees:short", "a key must have 32 characters or more"),
        ("faqbot_api_keys", "employees:sha256:12", "after sha256: stand 64 digits"),
        ("faqbot_api_origins", "careers.example.com", "careers.example.com is none."),
        ("faqbot_api_origins", "https://a.example/jobs", "without a path"),
        ("faqbot_api_origins", "*", "* is none."),
        ("faqbot_api", "yes", "FAQBOT_API must be one of off, on."),
    ],
)
def test_wrong_setting_gets_advice_without_the_key(name: str, value: str, advice: str) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(SettingsError) as error:
        Settings(**given)
    assert advice in str(error.value)
    assert "staff-key" not in str(error.value)
