"""Pages of the reference that the code knows: settings, keys of content files, titles, metrics."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

WIDTH: Final = 100
WRITTEN: Final = "<!-- Written by tools/generate.py. -->\n"


def prose(text: str, indent: str = "") -> str:
    """A paragraph or a point, wrapped; `indent` stands before its further lines."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def page(title: str, *parts: str) -> str:
    """A page of its title and its parts."""
    return "\n\n".join([f"# {title}", WRITTEN.strip(), *parts]) + "\n"


# -- settings


def settings() -> str:
    """The page of all settings, by group."""
    from faqbot.settings.fields import GROUPS
    from faqbot.settings.models import Settings

    parts = [
        prose(
            "Settings come from the environment, or from the file `.env` in the folder where "
            "faqbot starts; the environment wins. An empty value counts as unset. If settings are "
            "wrong, faqbot lists all problems and ends with exit code 2. "
            "`faqbot run --check` prints the settings in effect without starting."
        ),
        prose(
            "How faqbot reaches Slack follows from the tokens: with `SLACK_BOT_TOKEN` and "
            "`SLACK_APP_TOKEN` it is Socket Mode, with `SLACK_BOT_TOKEN` and "
            "`SLACK_SIGNING_SECRET` HTTP, with `SLACK_SIGNING_SECRET` and `SLACK_CLIENT_ID` HTTP "
            "for many workspaces, and with none of them a local workspace in the browser."
        ),
        prose(
            "The [glossary](glossary.md#former-names-of-settings) lists settings that were renamed."
        ),
    ]
    for name, field in Settings.model_fields.items():
        if name in GROUPS:
            parts.append(f"## {GROUPS[name]}")
        parts += [f"### {name.upper()}", prose(str(field.description)), prose(_value(field))]
    parts += [
        "## Not to be set",
        prose("faqbot sets `PROMETHEUS_MULTIPROC_DIR` for its workers: don't set it."),
    ]
    return page("Settings", *parts)


def _value(field: Any) -> str:
    """The default of a setting, and its bounds."""
    bounds = {type(one).__name__: one for one in field.metadata}
    between = (
        f" From {bounds['Ge'].ge} to {bounds['Le'].le}." if {"Ge", "Le"} <= set(bounds) else ""
    )
    unset = field.json_schema_extra["unset"]
    default = f"`{field.default}`" if field.default not in (None, "") else unset
    return f"Default: {default or 'not set'}.{between}"


# -- content files


def content_keys() -> str:
    """The page of all keys of content files, from the JSON Schema."""
    from faqbot.content.format import content_schema

    parts = content_schema()["$defs"]
    files = {
        "RoleFile": "A role",
        "SectionsPart": "The sections of a role",
        "SectionPart": "One section in full",
        "YearsPart": "Years of experience",
        "FaqPart": "One FAQ",
        "FaqFile": "A file of FAQs",
        "PhrasingFile": "A file of phrasings",
        "NamesFile": "A file of other names",
        "ConversationFile": "A file of small talk and sensitive matters",
        "SmallTalkPart": "A kind of small talk",
        "SensitivePart": "A sensitive matter",
    }
    order = [key for part in parts.values() for key in part["properties"]]
    texts = [
        prose(
            "Content is a folder of YAML files; folders inside it are read too, and names of files "
            "don't matter. Each file is one of five kinds, which its top key tells: `role`, "
            "`faqs`, `phrasings`, `other_names`, or one of `smalltalk`, `sensitive` and `contact`. "
            "One file may hold several documents, separated by `---`."
        ),
        prose(
            "`knowledge/schema.json` says the same to an editor. `faqbot check` names a wrong key "
            "or value with its line, and what to do."
        ),
        prose(
            "An **id** is lower-case words with hyphens, such as `data-analyst`, of at most 60 "
            "characters. A **text** may be one line, or several below the key after `>` or `|`. "
            "Keys in **bold** are required."
        ),
    ]
    for name, title in files.items():
        described = parts[name]["description"]
        texts += [f"## {title}", *([] if described == f"{title}." else [prose(described)])]
        texts.append(_keys(parts[name]))
        if name == "SectionsPart":
            texts.append(
                prose(
                    "Any further key is a section of your own: an id, with a `title` beside the "
                    "keys of [a section in full](#one-section-in-full). Titles that most job pages "
                    "have are [known](section-titles.md)."
                )
            )
        texts.append(f"```yaml\n{_example(parts[name], order)}```")
    return page("Keys of content files", *texts)


def _keys(part: Mapping[str, Any]) -> str:
    required = part.get("required", ())
    keys = sorted(part["properties"].items(), key=lambda one: one[0] not in required)
    return table(
        ("key", "value", "meaning"),
        (
            (
                f"**`{key}`**" if key in required else f"`{key}`",
                _kind(value),
                str(value["description"]),
            )
            for key, value in keys
        ),
    )


_PARTS: Final = {
    "SectionPart": "[section](#one-section-in-full)",
    "SectionsPart": "[sections](#the-sections-of-a-role)",
    "YearsPart": "[years](#years-of-experience)",
    "FaqPart": "[FAQ](#one-faq)",
    "SmallTalkPart": "[kind](#a-kind-of-small-talk)",
    "SensitivePart": "[matter](#a-sensitive-matter)",
}


def _kind(value: Mapping[str, Any]) -> str:
    """What a value is, in words."""
    if "$ref" in value:
        return _PARTS[value["$ref"].rpartition("/")[2]]
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(choice) for choice in value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    inner = value.get("additionalProperties")
    if value["type"] == "object":
        patterns = value.get("patternProperties", {})
        inner = inner if isinstance(inner, dict) else next(iter(patterns.values()))
        return f"keys, each with a {_kind(inner)}"
    if value["type"] == "array":
        item = _kind(value["items"])
        return f"list of {item}s" if not item.startswith("[") else f"list: {item}"
    pattern = value.get("pattern", "")
    return {
        "boolean": "`true` or `false`",
        "integer": "whole number",
        "number": "number",
        "string": "date" if value.get("format") == "date" else _text(pattern),
    }[value["type"]]


def _text(pattern: str) -> str:
    if pattern.startswith("^[a-z0-9]+"):
        return "id"
    if "day|week" in pattern:
        return "period"
    return "code" if "-" in pattern and "[0-9]" in pattern else "text"


def _example(part: Mapping[str, Any], order: Sequence[str]) -> str:
    """Each key of a part with its first example, the required ones first."""
    keys = (*part.get("required", ()), *part["properties"])
    examples = {key: part["properties"][key]["examples"][0] for key in keys}
    shown = {key: _in_order(value, order) for key, value in examples.items()}
    if "reviewed" in shown:
        shown["reviewed"] = yaml.safe_load(shown["reviewed"])
    return yaml.dump(
        shown,
        Dumper=_Indented,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH - 10,
    )


def _in_order(value: Any, order: Sequence[str]) -> Any:
    """A value whose inner keys are in the order of the models; the schema sorts them."""
    if isinstance(value, list):
        return [_in_order(one, order) for one in value]
    if not isinstance(value, dict):
        return value
    known = {key: order.index(key) if key in order else 0 for key in value}
    return {key: _in_order(value[key], order) for key in sorted(value, key=lambda key: known[key])}


class _Indented(yaml.SafeDumper):
    """Writes lists as authors do: indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - its signature
        super().increase_indent(flow, False)


# -- titles of sections

LANGUAGE_NAMES: Final = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}


def section_titles() -> str:
    """The page of the titles by which common sections are recognised."""
    from faqbot.content.defaults import load_common_sections, read_default

    texts = [
        prose(
            "A section of a role needs no phrasings if its title is one of these: faqbot knows how "
            "people ask for it, in English, Spanish, German and French. A role without such a "
            "section gets an honest “not written” where another role has one."
        ),
        prose(
            "Case, the title of the role, text in brackets, and words such as “our”, “your” and "
            "“details” don't matter. “and” joins two topics: “Pay and benefits” answers questions "
            "about both."
        ),
    ]
    for topic in load_common_sections().headings:
        texts.append(f"## {topic}")
        points = []
        for code, language in LANGUAGE_NAMES.items():
            file: Any = read_default(f"common-sections.{code}.yaml")
            headings = file["sections"].get(topic, {}).get("headings", ())
            if headings:
                points.append(prose(f"- {language}: {', '.join(headings)}", indent="  "))
        texts.append("\n".join(points))
    return page("Titles of sections", *texts)


# -- metrics


def metrics() -> str:
    """The page of faqbot's own metrics."""
    from faqbot.runtime.metrics import Metrics

    return page(
        "Metrics",
        prose(
            "`/metrics` serves them for Prometheus, [over HTTP](http.md), and in Socket Mode if "
            "`PORT` is set. Metrics of all workers of a machine are summed up: scrape each machine "
            "directly, not a load balancer. Beside these there are the `process_` metrics of the "
            "Prometheus client."
        ),
        table(
            ("metric", "kind", "meaning"),
            (
                (f"`{name}{labels}`", kind, meaning)
                for name, labels, kind, meaning in Metrics().described()
            ),
        ),
        prose(
            "[Watch faqbot](../how-to/operators/monitoring.md) has the alerts that are worth it."
        ),
    )
