"""The O*NET database becomes roles."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from faqbot.app import load_engine
from faqbot.cli.main import main
from faqbot.content.loader import load_knowledge_base
from faqbot.importers.onet.roles import svp_years
from faqbot.model import Answer, Question, Years

RELEASE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "onet_30_1_text.zip"
TABLES = {
    "Occupation Data.txt": (
        "O*NET-SOC Code\tTitle\tDescription\n"
        "13-2082.00\tTax Preparers\tPrepare tax returns.\n"
        "13-2011.00\tAccountants\tKeep accounts.\n"
        "55-1011.00\tOfficers\tLead.\n"
    ),
    "Alternate Titles.txt": (
        "O*NET-SOC Code\tAlternate Title\n"
        "13-2082.00\tTax Advisor\n13-2082.00\tMoney Person\n13-2011.00\tMoney person\n"
    ),
    "Task Statements.txt": "O*NET-SOC Code\tTask\n13-2082.00\tFile returns.\n",
    "Skills.txt": (
        "O*NET-SOC Code\tElement Name\tScale ID\tData Value\n"
        "13-2082.00\tSpeaking\tIM\t3.5\n13-2082.00\tWriting\tIM\t2.75\n"
        "13-2082.00\tRepairing\tIM\t1.0\n13-2082.00\tSpeaking\tLV\t5\n"
    ),
    "Technology Skills.txt": (
        "O*NET-SOC Code\tExample\tCommodity Title\tHot Technology\tIn Demand\n"
        "13-2082.00\tTaxCut\tTax software\tN\tN\n13-2082.00\tExcel\tSheets\tY\tY\n"
    ),
    "Job Zones.txt": "O*NET-SOC Code\tJob Zone\n13-2082.00\t3\n",
    "Job Zone Reference.txt": (
        "Job Zone\tName\tExperience\tEducation\tJob Training\tSVP Range\n"
        "3\tMedium\tSome is needed.\tA school.\tOne year.\t6.0 to < 7.0\n"
    ),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "db_99_9_text.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in TABLES.items():
            archive.writestr(f"db/{name}", text)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["faqbot", "import", "onet", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capfd.readouterr()
        return code, said.out, said.err

    return command


FAMILIES = ("15", "17", "55")


def test_occupation_becomes_a_role_with_attribution(
    release: Path, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "knowledge" / "roles"
    code, told, _ = run(str(release), "--out", str(out))
    assert code == 0
    assert "3 roles of O*NET 99.9" in told
    assert "left out of the aliases: 1." in told
    assert "2 without tasks" in told
    knowledge_base = load_knowledge_base(out)
    role = knowledge_base.role("tax-preparers")
    assert role is not None
    assert (role.onet, role.family) == ("13-2082.00", "Business and Financial Operations")
    assert role.aliases == ("Tax Advisor",)
    sections = {section.key: section for section in role.sections}
    assert sections["skills"].required == ("Speaking",)
    assert sections["skills"].preferred == ("Writing",)
    assert sections["technology"].items == ("Excel (in demand, hot)", "TaxCut")
    assert sections["experience"].years == Years(1, 2)
    text = (out / "tax-preparers.yaml").read_text(encoding="utf-8")
    assert "O*NET 99.9 Database" in text
    assert "licenses/by/4.0" in text
    assert "# shared: titles of other occupations too, left out here: Money Person" in text
    assert "# check: the release says nothing about education" in text
    engine = load_engine(out)
    receipt = engine.ask(Question("which software does a tax advisor use"))
    assert isinstance(receipt.outcome, Answer)
    assert receipt.outcome.entries[0].id == "tax-preparers/technology"


@pytest.mark.parametrize(
    ("wishes", "roles"),
    [
        (["13-2082.00"], {"tax-preparers"}),
        (["13"], {"tax-preparers", "accountants"}),
        (["13-2"], {"tax-preparers", "accountants"}),
        (["13-2082."], {"tax-preparers"}),
        (["13-0000"], {"tax-preparers", "accountants"}),
        (["accountant"], {"accountants"}),
        (["military specific"], {"officers"}),
        (["Officers", "13-2011"], {"officers", "accountants"}),
    ],
)
def test_only_selected_occupations_are_written(
    release: Path, run: Run, tmp_path: Path, wishes: list[str], roles: set[str]
) -> None:
    options = [part for wish in wishes for part in ("--only", wish)]
    assert run(str(release), *options, "--out", str(tmp_path / "out"))[0] == 0
    assert {path.stem for path in (tmp_path / "out").iterdir()} == roles


def test_unknown_selectors_and_invalid_files_are_advice(
    release: Path, run: Run, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out")]
    code, _, told = run(str(release), "--only", "Acountant", *out)
    assert (code, "Accountants (13-2011.00)" in told) == (2, True)
    assert "another title of Tax Preparers" in run(str(release), "--only", "tax advisor", *out)[2]
    assert run(str(tmp_path / "none.zip"), *out)[0] == 2
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 nothing")
    code, _, told = run(str(tmp_path / "bad.zip"), *out)
    assert (code, "download it again" in told) == (2, True)
    assert run(str(release), *out)[0] == 0
    code, _, told = run(str(release), *out)
    assert (code, "--force" in told) == (2, True)


@pytest.mark.parametrize(
    ("svp", "years"),
    [
        ("Below 4.0", Years(0, 0.2)),
        ("4.0 to < 6.0", Years(0.2, 1)),
        ("7.0 to < 8.0", Years(2, 4)),
        ("8.0 and above", Years(4, None)),
        ("", None),
    ],
)
def test_vocational_preparation_becomes_years(svp: str, years: Years | None) -> None:
    assert svp_years(svp) == years


@pytest.mark.skipif(not RELEASE.is_file(), reason="the O*NET release isn't there")
def test_families_of_the_release_become_content_that_loads(run: Run, tmp_path: Path) -> None:
    wanted = [part for family in FAMILIES for part in ("--only", family)]
    code, told, _ = run(str(RELEASE), *wanted, "--out", str(tmp_path / "roles"), "-q")
    assert (code, told) == (0, "")
    knowledge_base = load_knowledge_base(tmp_path / "roles")
    assert len(knowledge_base.roles) == 116
    assert len({role.onet for role in knowledge_base.roles}) == 116
