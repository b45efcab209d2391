"""Every problem of the content is reported at its position, as advice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from faqbot.content.loader import check_folder
from tests.content.conftest import Write

HEAD = "role: a\ntitle: A\n"
FAQ = "faqs:\n  - id: x\n    question: Q?\n    answer: A.\n"
RECURSIVE = HEAD + "sections: &s\n  overview: *s\n"
LAUGHS = "role: a\ntitle: A\naliases:\n  - &l0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  - &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 40)
)

PROBLEMS = [
    # keys
    (HEAD + "experiance: x\n", 3, 1, "`experiance` is not a key of a role"),
    (HEAD + "reveiwed: 2026-11-01\n", 3, 1, "did you mean `reviewed`?"),
    (HEAD + "sections:\n  skills: {require: x}\n", 4, 12, "did you mean `required`?"),
    (FAQ + "    awnser: x\n", 5, 5, "not a key of an FAQ; did you mean `answer`?"),
    (FAQ + "titel: x\n", 5, 1, "not a key of a file of general FAQs"),
    (HEAD + "sections: {skills: {text: x, years: {most: 2}}}\n", 3, 38, "key of `years`"),
    (HEAD + "sections:\n  experiance: x\n", 4, 3, "did you mean `experience`?"),
    (HEAD + "sections:\n  perks: x\n", 4, 3, "so it needs `title`"),
    (HEAD + "sections:\n  perks: {text: x}\n", 4, 10, "so it needs `title`"),
    (HEAD + "sections:\n  perks: x\n", 4, 3, "{title: Perks, text: …}"),
    (HEAD + "sections:\n  duties: [x]\n", 4, 3, "did you mean `responsibilities`?"),
    (HEAD + "sections:\n  about-the-role: x\n", 4, 3, "did you mean `overview`?"),
    (HEAD + "faqs:\n  - {question: Who's on call?, answer: x}\n", 4, 5, "`id: whos-on-call`"),
    (HEAD + "sections:\n  faq: {title: x, text: x}\n", 4, 3, "can't be the key of a section"),
    (HEAD + "sections:\n  My Perks: {title: x, text: x}\n", 4, 3, "lower-case words"),
    (HEAD + "title: B\n", 3, 1, "`title` is here twice (first on line 2)"),
    (HEAD + "? [x]\n: y\n", 3, 3, "a key has to be a word"),
    ("roles: a\ntitle: A\n", 1, 1, "did you mean `role`?"),
    ("title: A\n", 1, 1, "add `role:`"),
    ("- a\n- b\n", 1, 1, "needs keys with values"),
    ("just text\n", 1, 1, "needs keys with values"),
    ("", 1, 1, "is empty"),
    ("# a comment\n", 1, 1, "is empty"),
    ("---\n", 2, 1, "is empty"),
    ("role: a\n", 1, 1, "this role needs `title`"),
    ("faqs:\n  - id: x\n    question: Q\n", 2, 5, "this FAQ needs `answer`"),
    (HEAD + '"a\\nb\\x1b": x\n', 3, 1, "`a b\ufffd` is not a key of a role"),
    # types
    (HEAD + "family: no\n", 3, 9, 'is read as true or false; put it in quotes: "no"'),
    (HEAD + "family: 1.0\n", 3, 9, 'is read as a number; put it in quotes: "1.0"'),
    (HEAD + "family: 2026-11-01\n", 3, 9, 'is read as a date; put it in quotes: "2026-11-01"'),
    (HEAD + "aliases: [x, 5]\n", 3, 14, "entry 2 of `aliases` is read as a number"),
    (HEAD + "aliases: x\n", 3, 10, "`aliases` has to be a list"),
    (HEAD + "aliases:\n  - x: y\n", 4, 5, "put text that holds `: ` in quotes"),
    (HEAD + "aliases:\n  - {role}\n", 4, 5, "needs quotes"),
    (HEAD + "sections: x\n", 3, 11, "`sections` needs keys with values below it"),
    (HEAD + "sections:\n  skills: 5\n", 4, 11, "`skills` needs text, a list, or keys"),
    (HEAD + "faqs: {id: x}\n", 3, 7, "`faqs` has to be a list"),
    (HEAD + "faqs: [x]\n", 3, 8, "entry 1 of `faqs` needs keys"),
    (FAQ + "    example: perhaps\n", 5, 14, "has to be true or false"),
    (FAQ + "    audience: managers\n", 5, 15, "one of `everyone`, `employees` or `candidates`"),
    (HEAD + "sections: {skills: {text: x, years: {min: two}}}\n", 3, 43, "has to be a number"),
    (HEAD + "sections: {skills: {text: x, years: {min: .nan}}}\n", 3, 43, "number"),
    (HEAD + "family: !!python/name:os.system x\n", 3, 9, "can't start with `!`"),
    # empty
    (HEAD + "family:\n", 3, 8, "`family` has no value"),
    ('role: a\ntitle: "  "\n', 2, 8, "`title` is empty"),
    (HEAD + "aliases: []\n", 3, 10, "`aliases` is empty"),
    (HEAD + "aliases:\n  - x\n  -\n", 5, 4, "entry 2 of this list is empty"),
    (HEAD + 'sections: {overview: ""}\n', 3, 22, "is empty"),
    (HEAD + "sections: {overview: {}}\n", 3, 22, "is empty"),
    (HEAD + "sections: {skills: {text: x, years: {}}}\n", 3, 37, "needs `min`, `max` or both"),
    # ids, dates, periods, numbers
    ("role: My Role\ntitle: A\n", 1, 7, "has to be lower-case words with hyphens"),
    (HEAD + "onet: 15-1252\n", 3, 7, "an O*NET-SOC code, as in `15-1252.00`"),
    (f"role: {'a' * 61}\ntitle: A\n", 1, 7, "longer than 60"),
    ("role: faq\ntitle: A\n", 1, 7, "can't be the id of a role"),
    (HEAD + "reviewed: 2026-13-01\n", 3, 11, "isn't a date of the calendar"),
    (HEAD + "reviewed: last week\n", 3, 11, "isn't a date"),
    (HEAD + "reviewed: 0206-11-01\n", 3, 11, "year that can't be right"),
    (HEAD + "review_every: sometimes\n", 3, 15, "isn't a period"),
    (HEAD + "review_every: 0 days\n", 3, 15, "isn't a period"),
    (HEAD + "review_every: 99999 years\n", 3, 15, "isn't a period"),
    (HEAD + "review_every: true\n", 3, 15, "isn't a period"),
    (HEAD + "sections: {skills: {years: {min: 5, max: 2}}}\n", 3, 28, "`min` above its `max`"),
    (HEAD + "sections: {skills: {years: {min: -1}}}\n", 3, 34, "has to be at least 0"),
    (HEAD + "sections: {skills: {years: {max: 900}}}\n", 3, 34, "has to be at most 80"),
    (HEAD + 'family: "a\\x07b"\n', 3, 9, "control character U+0007"),
    # between entries
    (HEAD + "related: [b]\n", 3, 11, "no role has the id `b`"),
    (HEAD + "next_roles: [x, a]\n", 3, 17, "names the role itself"),
    (HEAD + "---\nrole: a\ntitle: B\n", 4, 7, "the role id `a` is taken by"),
    (HEAD + "---\nrole: b\ntitle: a\n", 5, 8, "the title `a` is taken by"),
    (HEAD + "---\nrole: b\ntitle: B\naliases: [x, a]\n", 6, 14, "is the title of another role"),
    (HEAD + "aliases: [x, X]\n", 3, 14, "the alias `X` is taken by"),
    (FAQ + "---\n" + FAQ, 7, 9, "the FAQ id `x` is taken by"),
    (HEAD + FAQ + "  - {id: x, question: Q, answer: A}\n", 7, 10, "the FAQ id `x` is taken by"),
    # YAML
    (HEAD + "sections:\n\toverview: x\n", 4, 1, "a tab is used as indentation"),
    (HEAD + "family: x: y\n", 3, 10, "a second `: ` in one line"),
    (HEAD + "family: 'x\n", 3, 11, "a quote isn't closed"),
    (HEAD + "family: @x\n", 3, 9, "can't start with `@`; put the text in quotes"),
    (HEAD + "family: `x`\n", 3, 9, "can't start with"),
    (HEAD + "aliases: [x, y\n", 3, 15, "a list in `[ ]` isn't right"),
    (HEAD + "aliases: [a {role}]\n", 3, 13, "text with `{role}` needs quotes"),
    (HEAD + "family: {role} x\n", 3, 16, "text with `{role}` needs quotes"),
    (HEAD + "family: *x\n", 3, 9, "put the text in quotes"),
    (HEAD + 'family: "\\q"\n', 3, 10, "unknown `\\` sequence"),
    (HEAD + "sections:\n  overview: x\n skills: y\n", 5, 2, "check its indentation"),
    (RECURSIVE, 3, 11, "contains itself"),
    (LAUGHS, 1, 1, "anchors"),
    (HEAD + "aliases: " + "[" * 50_000, 3, 29, "nested more than 20 levels deep"),
    (HEAD + "aliases:\n" + "- " * 50_000 + "x\n", 4, 39, "nested more than 20 levels deep"),
    # bytes
    (b"role: a\ntitle: \xe4\xff\n", 2, 8, "0xe4 isn't UTF-8"),
    ("role: a\ntitle: é".encode() + b"\xff\n", 2, 9, "0xff isn't UTF-8"),
    ("role: a\n".encode("utf-16"), 1, 1, "save the file as UTF-8"),
    (b"role: a\ntitle: x\x00y\n", 2, 9, "control character U+0000"),
    (b"role: a\ntitle: \x1b[31m\n", 2, 8, "control character U+001B"),
    (b"role: a\ntitle: A\n" + b"#" * (1 << 20), 1, 1, "larger than 1 MiB"),
]


@pytest.mark.parametrize(
    "case",
    PROBLEMS,
    ids=[f"{number}-{case[3][:30]}" for number, case in enumerate(PROBLEMS)],
)
def test_problem_is_reported_at_its_position_with_advice(
    write: Write,
    knowledge: Path,
    case: tuple[str | bytes, int, int, str],
) -> None:
    content, line, column, said = case
    raw = content if isinstance(content, bytes) else content.encode()
    path = str(write("file.yaml", raw))
    knowledge_base, problems = check_folder(knowledge)
    assert knowledge_base is None
    told = [problem for problem in problems if (problem.line, problem.column) == (line, column)]
    assert told, f"nothing at {line}:{column}, but {[str(p) for p in problems]}"
    assert said in told[0].message
    assert told[0].path == path
    assert "\n" not in told[0].message


def test_all_problems_of_all_files_are_reported_at_once(write: Write, knowledge: Path) -> None:
    write("a.yaml", HEAD + "experiance: x\nfamily: no\nrelated: [none]\n")
    write("b.yaml", b"\xff")
    write("c.yaml", "role: [")
    write("d.yaml", FAQ.replace("A.", '""'))
    problems = check_folder(knowledge)[1]
    found = [(Path(problem.path).name, problem.line) for problem in problems]
    assert found == [
        ("a.yaml", 3),
        ("a.yaml", 4),
        ("a.yaml", 5),
        ("b.yaml", 1),
        ("c.yaml", 1),
        ("d.yaml", 4),
    ]


def test_role_of_a_broken_file_is_not_reported_as_unknown(
    write: Write,
    knowledge: Path,
) -> None:
    write("a.yaml", HEAD + "related: [broken-role]\n")
    write("b.yaml", "role: broken-role\ntitle: x: y\n")
    assert [Path(problem.path).name for problem in check_folder(knowledge)[1]] == ["b.yaml"]


def test_unknown_role_is_reported_with_the_nearest_id(write: Write, knowledge: Path) -> None:
    write("a.yaml", HEAD + "related: [data-analist]\n")
    write("b.yaml", "role: data-analyst\ntitle: B\n")
    assert "did you mean `data-analyst`?" in str(check_folder(knowledge)[1][0])


def test_broken_link_and_pipe_are_problems(write: Write, knowledge: Path) -> None:
    write("good.yaml", FAQ)
    (knowledge / "gone.yaml").symlink_to("nowhere.yaml")
    os.mkfifo(knowledge / "pipe.yaml")
    messages = [problem.message for problem in check_folder(knowledge)[1]]
    assert len(messages) == 2
    assert "target is missing" in messages[0]
    assert "isn't a regular file" in messages[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_without_permission_is_a_problem(write: Write, knowledge: Path) -> None:
    write("a.yaml", FAQ).chmod(0)
    assert "check the file's permissions" in str(check_folder(knowledge)[1][0])


def test_file_name_that_is_not_utf8_is_printable(knowledge: Path) -> None:
    path = os.fsencode(knowledge) + b"/\xff.yaml"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - a name in bytes
        file.write("role: [")
    str(check_folder(knowledge)[1][0]).encode()


def test_version_is_the_commit_of_a_clean_checkout_else_a_digest(
    write: Write,
    knowledge: Path,
) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        command = ["git", "-C", str(knowledge), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def version() -> str:
        knowledge_base = check_folder(knowledge)[0]
        assert knowledge_base is not None
        return knowledge_base.version

    write("a.yaml", FAQ)
    digest = version()
    assert len(digest) == 12
    git("init", "-q")
    write(".gitignore", "secret.yaml\n")
    git("add", ".")
    git("commit", "-qm", "x")
    assert git("rev-parse", "HEAD").startswith(version())
    ignored = write("secret.yaml", FAQ.replace("x", "y"))
    assert not git("rev-parse", "HEAD").startswith(version())
    ignored.unlink()
    write("a.yaml", FAQ + "# changed\n")
    changed = version()
    assert changed not in (digest, git("rev-parse", "HEAD")[:12])
    write("a.yaml", FAQ)
    assert git("rev-parse", "HEAD").startswith(version())
