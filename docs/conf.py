"""Configuration of Sphinx for the site that is built from these pages; `make docs` shows it.

A page is Markdown that reads well in the repository too: links are paths. Those that lead out of
`docs/` become links to the repository named in `pyproject.toml`, or text while none is named.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT.get("urls", {}).get("Repository", "")

project = "faqbot"
author = "the authors of faqbot"
copyright = f"{author}; Apache-2.0"  # noqa: A001 - Sphinx names it
(release,) = re.findall(
    r'^__version__ = "(.+)"$',
    (ROOT / "faqbot" / "__init__.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)
version = os.environ.get("FAQBOT_DOCS_VERSION", release)
"""The name of this version among all: a release, or `latest`."""

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["examples", "_templates", "_static"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # the generated page of commands begins its options at level 2
nitpicky = True

html_theme = "furo"
html_title = f"faqbot {version}"
html_favicon = "../faqbot/insights/static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_show_sphinx = False
html_copy_source = False
html_context = {
    "versions": os.environ.get("FAQBOT_DOCS_VERSIONS", "").split(),
    "shown_version": version,
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
        "versions.html",
    ]
}
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
linkcheck_anchors = False
linkcheck_ignore = [
    r"http://127\.0\.0\.1.*",
    r"https://\S*example\.com\S*",
    r"https://YOUR-HOST\S*",
]

FILES_AS_PAGES = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}
"""Files of the repository that are pages of the site, under these names."""

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def link_repository(_app: Sphinx | None, name: str, source: list[str]) -> None:
    """Mend the links of a page that lead out of `docs/`."""
    file = DOCS / f"{name}.md"
    for original, page in FILES_AS_PAGES.items():
        if name == page:
            file = ROOT / original
            source[0] = file.read_text(encoding="utf-8")

    def mended(link: re.Match[str]) -> str:
        image, text, path, anchor = link.group(1), link.group(2), link.group(3), link.group(4) or ""
        target = (file.parent / path).resolve()
        page = FILES_AS_PAGES.get(str(target.relative_to(ROOT)))
        if page or target.is_relative_to(DOCS):
            to = DOCS / f"{page}.md" if page else target
            return f"{image}[{text}]({os.path.relpath(to, (DOCS / name).parent)}{anchor})"
        if REPOSITORY:
            version_name = "main" if version == "latest" else f"v{version}"
            kind = "tree" if target.is_dir() else "blob"
            place = f"{REPOSITORY}/{kind}/{version_name}/{target.relative_to(ROOT)}"
            return f"{image}[{text}]({place}{anchor})"
        named = str(target.relative_to(ROOT))
        return text if named in text else f"{text} (`{named}`)"

    source[0] = LINK.sub(mended, source[0])


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("source-read", link_repository)
