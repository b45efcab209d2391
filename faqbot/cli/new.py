"""`faqbot new`: the file of a new role or FAQ, or a new key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from faqbot.cli.common import (
    Force,
    PlainGroup,
    Quiet,
    add_command,
    checked_role_id,
    is_interactive,
    prompt,
    prompt_list,
)
from faqbot.cli.common import terminal_question as asked
from faqbot.model import Audience

if TYPE_CHECKING:
    from faqbot.model import Role, Section
    from faqbot.model import Years as Span


def complete_folder(folder: Path) -> list[Path]:
    """Write what a content folder needs beside its first file; returns what was written.

    That is the schema for editors and, in a folder without content, a first general FAQ.

    Raises:
        UsageError: A file can't be written.
    """
    from faqbot.content.files import has_content
    from faqbot.content.format import SCHEMA_PATH, schema_text
    from faqbot.content.writer import faq_file, write_file
    from faqbot.model import Faq

    files = {folder / SCHEMA_PATH.name: schema_text()}
    if not has_content(folder):
        faq = Faq(
            None,
            "how-to-apply",
            "How do I apply?",
            "Write here how people apply, and whom they ask.",
            phrasings=("where do I send my application",),
            example=True,
        )
        heading = (
            "General questions, which belong to no role.",
            "This answer is an example: write yours, then remove the line with example.",
        )
        files[folder / "faqs" / "general.yaml"] = faq_file(
            [faq], schema="../schema.json", heading=heading
        )
    missing = {path: text for path, text in files.items() if not path.exists()}
    for path, text in missing.items():
        write_file(path, text)
    return list(missing)


def write_content(folder: Path, target: Path, text: str, *, force: bool = False) -> None:
    """Write a new content file, and what its folder lacks; only what loads is written.

    Raises:
        UsageError: The file would have problems, exists already, or can't be written.
    """
    from faqbot.content.loader import check_text
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError

    problems = check_text(text, str(target))
    if problems:
        reasons = "; ".join(problem.message for problem in problems)
        raise UsageError(f"{target} isn't written, since it would have problems: {reasons}.")
    if target.exists() and not force:
        raise UsageError(f"{target} exists already: --force replaces it.")
    for path in complete_folder(folder):
        if path != target:
            typer.echo(f"{path} is written.", err=True)
    write_file(target, text, force=force)


def print_next_steps(folder: Path, target: Path, question: str) -> None:
    """Say what was written, and how to check it, to ask about it and to start faqbot."""
    given = "" if folder == Path("knowledge") else f" --knowledge {shlex.quote(str(folder))}"
    typer.echo(f"{target} is written. Next: open it, then")
    typer.echo(f"  faqbot check {shlex.quote(str(folder))}")
    typer.echo(f"  faqbot ask{given} {shlex.quote(question)}")
    typer.echo(f"  faqbot run{given}    # starts faqbot: in a browser, or in Slack with tokens")


FAQ_EXAMPLE = 'Example: faqbot new faq "Can I work from home?" --answer "Two days a week."'

Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="The question, as people ask it.")
]
FaqFolder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The content folder.")]
Answer = Annotated[str, typer.Option(help="The answer, in Markdown.")]
Phrasings = Annotated[list[str] | None, typer.Option("--phrasing", help="Another way to ask it.")]
About = Annotated[str | None, typer.Option("--about", help="The id of the role it is about.")]
Readers = Annotated[Audience, typer.Option("--audience", help="Who may read it.")]
FaqDefaults = Annotated[
    bool, typer.Option("--yes", "-y", help="Don't prompt, and write the file in any case.")
]


def faq(
    question: Question,
    *,
    folder: FaqFolder = Path("knowledge"),
    answer: Answer = "",
    phrasing: Phrasings = None,
    about: About = None,
    audience: Readers = Audience.EVERYONE,
    yes: FaqDefaults = False,
    quiet: Quiet = False,
) -> None:
    """Write a new FAQ to a file of its own below faqs/; prompts for what the options lack.

    Warns when the question is answered already. Exit code 0 when it was written, 1 when the content
    has problems, 2 when there is no answer or no such role.
    """
    from faqbot import app
    from faqbot.content.files import has_content
    from faqbot.content.writer import faq_file, new_faq_key
    from faqbot.errors import UsageError
    from faqbot.model import Answer, Faq, KnowledgeBase

    asks = is_interactive(yes=yes)
    knowledge_base = KnowledgeBase()
    # The first FAQ of an empty folder has nothing to be compared with.
    if has_content(folder):
        engine = app.load_engine(folder)
        knowledge_base = engine.knowledge_base
        # As an employee, since an answer that not everyone may read is an answer too.
        result = engine.ask(asked(question, Audience.EMPLOYEES, about))
        if isinstance(result.outcome, Answer):
            known = ", ".join(entry.id for entry in result.outcome.entries)
            typer.echo(f"This is answered already, by {known}: faqbot ask shows how.", err=True)
            if asks and not typer.confirm("Write it all the same?"):
                return
    role = checked_role_id(knowledge_base, about)
    text = prompt("The answer", answer, asks=asks)
    if not text:
        raise UsageError("An FAQ needs an answer: give it by --answer.")
    phrasings = prompt_list("Other ways to ask it", phrasing, asks=asks)
    key = new_faq_key(question, role, knowledge_base)
    made = Faq(role, key, question.strip(), text, phrasings=phrasings, audience=audience)
    target = folder / "faqs" / f"{f'{role}-' if role else ''}{key}.yaml"
    write_content(folder, target, faq_file([made], about=role, schema="../schema.json"))
    if not quiet:
        print_next_steps(folder, target, made.question)


KEY_EXAMPLE = "Example: faqbot new key"


def key() -> None:
    """Print a new key for FAQBOT_SECRET_KEYS, which encrypts the tokens of workspaces.

    Keep it like a password: without it the tokens can't be decrypted. To replace a key, put the
    new one in front of it, separated by a comma.
    """
    from faqbot.storage.encryption import TokenCipher

    typer.echo(TokenCipher.new_key())


ROLE_EXAMPLE = 'Example: faqbot new role "Data Scientist" --required Python --required statistics'

Title = Annotated[str, typer.Argument(metavar="TITLE", help="The role's title.")]
RoleFolder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The content folder.")]
Aliases = Annotated[list[str] | None, typer.Option("--alias", help="Another title people use.")]
Family = Annotated[str, typer.Option(help="The group that it is listed under.")]
Owner = Annotated[
    str, typer.Option(help="Who answers for it: a user group of Slack (@people) or an id.")
]
Overview = Annotated[str, typer.Option(help="What the role is, in a sentence or two.")]
Duties = Annotated[list[str] | None, typer.Option("--duty", help="Something the role does.")]
Required = Annotated[list[str] | None, typer.Option("--required", help="A skill one must have.")]
Preferred = Annotated[
    list[str] | None, typer.Option("--preferred", help="A skill that is welcome.")
]
Education = Annotated[str, typer.Option(help="The education that one must have.")]
Years = Annotated[float | None, typer.Option("--years", min=0, max=80, help="Years of experience.")]
RoleDefaults = Annotated[bool, typer.Option("--yes", "-y", help="Don't prompt.")]

_PLACEHOLDERS: Final = {
    "overview": ("overview: >", "  A {role} ... in a sentence or two."),
    "responsibilities": (
        "responsibilities:",
        "  - What the role does",
        "  - Another thing it does",
    ),
    "skills": (
        "skills:",
        "  required: [what one must have, another such skill]",
        "  preferred: [what is welcome]",
    ),
    "education": (
        "education:",
        "  required: Which degree or training",
        "  preferred: What is welcome",
    ),
    "certifications": ("certifications:", "  preferred: [a certificate that is welcome]"),
    "experience": ("experience:", "  years: {min: 2, max: 5}", "  text: Of which kind."),
}
_HEADING: Final = (
    "A role. Lines that begin with # are for you: faqbot doesn't read them.",
    "To check the file: faqbot check. To try it: faqbot chat.",
)
_NOTES: Final = {
    "role": ("The name of the role in links and reports; leave it as it is.",),
    "title": ("The title as readers see it.",),
    "aliases": ("Other titles that people use: questions with them are understood too.",),
    "family": ("The group that the role is listed under.",),
    "owner": ("Who answers what faqbot can't: a user group of Slack (@people), or an id.",),
    "sections/overview": ("What the role is.",),
    "sections/skills": ("What one must have, and what is welcome: faqbot tells them apart.",),
}


def role(
    title: Title,
    *,
    folder: RoleFolder = Path("knowledge"),
    alias: Aliases = None,
    family: Family = "",
    owner: Owner = "",
    overview: Overview = "",
    duty: Duties = None,
    required: Required = None,
    preferred: Preferred = None,
    education: Education = "",
    years: Years = None,
    yes: RoleDefaults = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write the file of a new role, with comments; prompts for what the options lack.

    Whatever is left out is a comment to fill in. A new folder also gets the schema for editors and
    a first general FAQ. Exit code 0 when the file was written, 2 when it exists already.
    """
    from faqbot.content.fields import RESERVED_IDS, make_id
    from faqbot.content.writer import role_file
    from faqbot.errors import UsageError
    from faqbot.model import Role, Section
    from faqbot.model import Years as Span

    if not title.strip():
        raise UsageError(f"A role needs a title. {ROLE_EXAMPLE}")
    asks = is_interactive(yes=yes)
    if asks:
        typer.echo("Enter leaves a question out; all of it can be changed in the file later.")
    named = make_id(title, taken=RESERVED_IDS)
    aliases = prompt_list("Other titles for it", alias, asks=asks)
    family, owner = prompt("Family", family, asks=asks), prompt("Owner", owner, asks=asks)
    parts = [
        Section(named, "overview", "Overview", text=prompt("What is it?", overview, asks=asks)),
        Section(
            named,
            "responsibilities",
            "Responsibilities",
            items=prompt_list("What does one do?", duty, asks=asks),
        ),
        Section(
            named,
            "skills",
            "Skills",
            required=prompt_list("Skills that one must have", required, asks=asks),
            preferred=prompt_list("Skills that are welcome", preferred, asks=asks),
        ),
        Section(
            named,
            "education",
            "Education",
            required=tuple(filter(None, [prompt("Education", education, asks=asks)])),
        ),
        Section(
            named,
            "experience",
            "Experience",
            years=Span(years) if years is not None else _prompt_years(asks=asks),
        ),
    ]
    sections = tuple(part for part in parts if _has_content(part))
    made = Role(named, title.strip(), aliases, family=family, owner=owner, sections=sections)
    later = _placeholder_comments(made)
    text = role_file(made, schema="../schema.json", heading=_HEADING, notes=_notes(made))
    target = folder / "roles" / f"{named}.yaml"
    write_content(folder, target, text.rstrip("\n") + "\n" + later, force=force)
    if not quiet:
        needs = "Which skills does a {} need?" if made.section("skills") else "What does a {} do?"
        print_next_steps(folder, target, needs.format(made.title))


def _notes(made: Role) -> dict[str, tuple[str, ...]]:
    """Return the comments for the keys and sections that the file has."""
    held = {"role", "title"} | {key for key in ("aliases", "family", "owner") if getattr(made, key)}
    held |= {f"sections/{section.key}" for section in made.sections}
    return {key: lines for key, lines in _NOTES.items() if key in held}


def _has_content(part: Section) -> bool:
    return bool(part.text or part.items or part.required or part.preferred or part.years)


def _prompt_years(*, asks: bool) -> Span | None:
    """Prompt for years of experience until they are understood; Enter leaves them out."""
    from faqbot.importers.documents.outline import find_years

    while text := prompt("Years of experience", "", asks=asks):
        years = find_years(f"{text} years of experience")
        if years:
            return years
        typer.echo("Write a number, such as 3, or two, such as 2-5.")
    return None


def _placeholder_comments(made: Role) -> str:
    """Return the missing keys and sections as comments to fill in."""
    lines = [
        f"# {line}"
        for key, line in (("aliases", "aliases: [another title]"), ("family", "family: a-group"))
        if not getattr(made, key)
    ]
    missing = [key for key in _PLACEHOLDERS if made.section(key) is None]
    lower: list[str] = []
    if missing:
        lower.append("  # Take away the # before what you fill in, and keep the spaces:")
        lower += [f"  # {line}" for key in missing for line in _PLACEHOLDERS[key]]
    if lower and not made.sections:
        lower.insert(0, "# sections:")
    # Sections come last in a role file, so their placeholders go before those of the role.
    return "".join(f"{line}\n" for line in (*lower, *lines))


app = typer.Typer(
    name="new",
    cls=PlainGroup,
    help="Start a role or an FAQ, or make a key.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
add_command(app, role, ROLE_EXAMPLE)
add_command(app, faq, FAQ_EXAMPLE)
add_command(app, key, KEY_EXAMPLE)
