"""`faqbot run`, `mcp`, `status`, `insights`, `workspaces`: commands that serve and operate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from faqbot.cli.common import (
    Json,
    Knowledge,
    PlainCommand,
    PlainGroup,
    console,
    content_folder,
    in_quotes,
    load_engine,
    print_json,
    print_note,
    printable,
    use_store,
)
from faqbot.errors import UsageError, counted, needs_extra
from faqbot.model import Audience

if TYPE_CHECKING:
    import datetime as dt

    from rich.table import Table
    from rich.text import Text

    from faqbot.index.status import ServiceStatus
    from faqbot.storage.installations import Installation
    from faqbot.storage.store import Store


EXAMPLE = "Example: faqbot run --check"

Check = Annotated[bool, typer.Option("--check", help="Print the settings in effect, then exit.")]


Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=64, help="How many processes serve HTTP (FAQBOT_WORKERS)."
    ),
]


def run(*, check: Check = False, knowledge: Knowledge = None, workers: Workers = None) -> None:
    """Start the bot: in Slack when there are tokens, else in a local workspace in the browser.

    Settings come from the environment and from a file named .env.
    """
    from faqbot.settings.models import Settings

    given: dict[str, Any] = {"faqbot_knowledge": knowledge, "faqbot_workers": workers}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    from faqbot import app

    if check:
        for line in app.check(settings):
            typer.echo(line)
    else:
        app.run(settings)


STATUS_EXAMPLE = "Example: faqbot status"


BotPort = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Only the one that listens on this port."),
]


def status(*, knowledge: Knowledge = None, port: BotPort = None, as_json: Json = False) -> None:
    """Say which faqbots run here, from which content, and which problems newer content has.

    With --knowledge only those on that content. Exit code 0 when one runs, 1 when changed content
    has problems, 3 when none runs.
    """
    from faqbot.index.status import read_statuses

    folder = str(content_folder(knowledge).absolute()) if knowledge else None
    found = [one for one in read_statuses(folder) if port in (None, one.port)]
    running = any(one.is_alive for one in found)
    if as_json:
        for one in found:
            print_json({"running": one.is_alive, **asdict(one)})
        if not found:
            print_json({"running": False, "knowledge": folder})
    elif not found:
        place = f" on {folder}" if folder else ""
        typer.echo(f"This user has started no faqbot{place}. Start one: faqbot run")
    for number, one in enumerate(() if as_json else found):
        if number:
            typer.echo()
        for line in _status_lines(one):
            typer.echo(line)
    if not running:
        raise typer.Exit(3)
    if any(one.loaded.get("problems") for one in found):
        raise typer.Exit(1)


def _status_lines(one: ServiceStatus) -> Iterator[str]:
    loaded = one.loaded
    state = f"runs (process {one.process})" if one.is_alive else "has stopped"
    port = f", port {one.port}" if one.port else ""
    yield f"faqbot {state}, {one.mode}{port}, started {one.started}."
    folder = printable(one.knowledge)
    yield f"Answers from {folder}, version {loaded['version']} since {loaded['since']}."
    problems = loaded.get("problems")
    if problems:
        yield f"The change of {loaded['tried']} is not used: {counted(loaded['count'], 'problem')}."
        for line in problems:
            yield f"  {in_quotes(printable(line))}"


INSIGHTS_EXAMPLE = "Example: faqbot insights --port 8766"

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]
Host = Annotated[
    str,
    typer.Option("--host", help="The address to listen on; any but this machine's needs sign-in."),
]
SignIn = Annotated[
    bool,
    typer.Option("--sign-in", help="Let owners sign in with Slack, also on this machine."),
]


def insights(
    *,
    port: Port = 8766,
    host: Host = "127.0.0.1",
    sign_in: SignIn = False,
    knowledge: Knowledge = None,
) -> None:
    """Show what was asked, answered and missed in the browser.

    On this machine alone, or for the owners of content who sign in with Slack: behind a proxy that
    speaks HTTPS, with FAQBOT_INSIGHTS_URL, SLACK_BOT_TOKEN, SLACK_CLIENT_ID and
    SLACK_CLIENT_SECRET. Who signs in can also edit: a save proposes the change to its owners.
    """
    from faqbot import app
    from faqbot.insights.server import BindAddress, serve_insights
    from faqbot.settings.models import Settings
    from faqbot.settings.sources import configured_database

    place = BindAddress(host, port)
    settings = None if place.is_local and not sign_in else Settings()
    folder = content_folder(knowledge)
    make_editor = None
    if settings is not None:
        configured = knowledge or settings.faqbot_knowledge or ""
        make_editor = app.insights_editor(folder, configured, settings)
    serve_insights(configured_database(), folder, place, settings, make_editor)


@dataclass(frozen=True, slots=True)
class InstallationStatus:
    """An installation with the required and the optional scopes that it lacks."""

    installation: Installation
    missing: tuple[str, ...]
    missing_optional: tuple[str, ...]

    @classmethod
    def of(cls, installation: Installation) -> InstallationStatus:
        """Compare an installation's scopes with those of the manifest."""
        from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES

        missing, optional = (
            tuple(scope for scope in scopes if scope not in installation.scopes)
            for scopes in (SCOPES, OPTIONAL_SCOPES)
        )
        return cls(installation, missing, optional)

    @property
    def id(self) -> str:
        """The workspace's id, or the organisation's for an organisation-wide installation."""
        return self.installation.workspace.team or self.installation.workspace.enterprise


def list_installations(database: str | None) -> tuple[InstallationStatus, ...]:
    """Return all installations, sorted by organisation and workspace.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """
    return use_store(database, _all)


def remove_installation(database: str | None, wanted: str) -> InstallationStatus:
    """Delete the installation of a workspace or of an organisation, and return it.

    Raises:
        UsageError: Storage is off, or there is no such installation.
        StoreError: The database can't be used.
    """

    async def forget(store: Store) -> InstallationStatus:
        for one in await _all(store):
            if one.id == wanted and await store.installations.remove(one.installation.workspace):
                return one
        raise UsageError(
            f"faqbot is not installed in {wanted}: faqbot workspaces lists where it is."
        )

    return use_store(database, forget)


def reencrypt_tokens(database: str | None, keys: str) -> int:
    """Encrypt all tokens with the newest key. Returns how many installations had an older one.

    Raises:
        SettingsError: The keys aren't valid.
        UsageError: Storage is off.
        StoreError: The database can't be used, or a token was encrypted with another key.
    """
    from faqbot.storage.encryption import TokenCipher

    cipher = TokenCipher.from_setting(keys)
    return use_store(database, lambda store: store.installations.reencrypt(), cipher)


async def _all(store: Store) -> tuple[InstallationStatus, ...]:
    return tuple(InstallationStatus.of(one) for one in await store.installations.all())


WORKSPACES_EXAMPLE = "Example: faqbot workspaces --json"
RESEAL_EXAMPLE = "Example: faqbot workspaces reseal"
REMOVE_EXAMPLE = "Example: faqbot workspaces remove T0123456789"

Team = Annotated[
    str,
    typer.Argument(
        metavar="TEAM",
        help="The workspace's id, such as T0123456789, or an organisation's, such as E0123456789.",
    ),
]

workspaces_app = typer.Typer(name="workspaces", cls=PlainGroup, rich_markup_mode="rich")


@workspaces_app.callback(cls=PlainGroup, invoke_without_command=True, epilog=WORKSPACES_EXAMPLE)
def workspaces(context: typer.Context, *, as_json: Json = False) -> None:
    """List the workspaces that installed faqbot, and the scopes that each lacks.

    With --json one line for each. No token is ever shown.
    """
    if context.invoked_subcommand is not None:
        return
    from faqbot.settings.sources import configured_database

    found = list_installations(configured_database())
    if as_json:
        for one in found:
            print_json(_json(one))
        return
    if found:
        console().print(_table(found))
    else:
        print_note("faqbot is installed in no workspace: people do so at /slack/install.")


@workspaces_app.command(cls=PlainCommand, epilog=RESEAL_EXAMPLE)
def reseal() -> None:
    """Encrypt all tokens with the newest key of FAQBOT_SECRET_KEYS.

    Afterwards the older keys can be removed from the setting. It can run while faqbot runs.
    """
    from faqbot.settings.sources import configured_database, configured_secret_keys

    count = reencrypt_tokens(configured_database(), configured_secret_keys())
    typer.echo(f"Encrypted with the newest key: the tokens of {count} that had an older one.")


@workspaces_app.command(cls=PlainCommand, epilog=REMOVE_EXAMPLE)
def remove(team: Team) -> None:
    """Delete an installation and its tokens; a running faqbot stops answering within a minute.

    Slack keeps the app: uninstall it there to remove it from the workspace, which deletes the
    installation here too. Exit code 2 when there is no such installation.
    """
    from faqbot.settings.sources import configured_database

    gone = remove_installation(configured_database(), team)
    name = gone.installation.team_name or gone.installation.enterprise_name
    # Names come from Slack, where anybody can put control characters for terminals into them.
    typer.echo(printable(f"Forgotten: the installation in {name or gone.id} ({gone.id})."))


def _json(one: InstallationStatus) -> dict[str, object]:
    installation = one.installation
    return {
        "team": installation.workspace.team or None,
        "team_name": installation.team_name,
        "enterprise": installation.workspace.enterprise or None,
        "enterprise_name": installation.enterprise_name,
        "installed": installation.installed.isoformat(timespec="seconds"),
        "installer": installation.installer,
        "token_expires": (
            installation.expires.isoformat(timespec="seconds") if installation.expires else None
        ),
        "scopes": list(installation.scopes),
        "missing": list(one.missing),
        "missing_optional": list(one.missing_optional),
    }


def _table(found: tuple[InstallationStatus, ...]) -> Table:
    import datetime as dt

    from rich.table import Table
    from rich.text import Text

    table = Table(caption="Times are UTC.", caption_justify="left")
    table.add_column("Id", no_wrap=True)
    for title in ("Name", "Organisation"):
        table.add_column(title, overflow="fold")
    for title in ("Installed", "Token ends"):
        table.add_column(title, no_wrap=True)
    table.add_column("Scopes missing", overflow="fold")
    now = dt.datetime.now(dt.UTC)
    for one in found:
        installation = one.installation
        name = installation.team_name or ("all workspaces" if installation.is_org_wide else "")
        organisation = installation.enterprise_name or installation.workspace.enterprise
        table.add_row(
            one.id,
            Text(printable(name)),
            Text(printable(organisation)),
            _time(installation.installed),
            _expiry(installation.expires, now),
            _missing(one),
        )
    return table


def _time(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _expiry(expires: dt.datetime | None, now: dt.datetime) -> Text:
    from rich.text import Text

    if expires is None:
        return Text("never")
    ended = (" (ended)", "yellow") if expires <= now else ""
    return Text.assemble(_time(expires), ended)


def _missing(one: InstallationStatus) -> Text:
    from rich.text import Text

    needed = (", ".join(one.missing), "yellow")
    spared = f"optional: {', '.join(one.missing_optional)}" if one.missing_optional else ""
    return Text.assemble(needed, "; " if one.missing and spared else "", spared)


MCP_EXAMPLE: Final = "Example: faqbot mcp --knowledge knowledge"

ForWhom = Annotated[
    Audience, typer.Option("--audience", help="Who reads the answers; everyone reads least.")
]


def mcp(*, audience: ForWhom = Audience.EVERYONE, knowledge: Knowledge = None) -> None:
    """Answer an AI assistant on this machine by MCP, over standard input and output.

    The assistant starts it: give it this command. Its tools ask a question, list roles, describe
    one and compare several. For Slackbot and other machines, set FAQBOT_MCP for faqbot run.
    """
    with needs_extra("faqbot mcp", "mcp"):
        from faqbot.web.mcp_tools import serve_standard_streams
    from faqbot.web.answers import Answers

    serve_standard_streams(Answers(load_engine(knowledge)), audience)
