"""The PRISMA flow: it adds up or is refused with the difference; lists are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartwheel.errors import FileRefused
from cartwheel.pooling.appraisal.flow import flow_from_references, read_flow
from cartwheel.pooling.appraisal.flow_counts import BOXES, Counts, flow_from_counts
from cartwheel.pooling.result_appraisal import Flow

WHOLE = {
    "databases": 800,
    "registers": 12,
    "duplicates": 212,
    "automation": 10,
    "removed_other": 2,
    "screened": 588,
    "excluded": 540,
    "sought": 48,
    "not_retrieved": 3,
    "assessed": 45,
    "reports_excluded": 36,
    "other_identified": 5,
    "other_sought": 5,
    "other_not_retrieved": 1,
    "other_assessed": 4,
    "other_reports_excluded": 4,
    "studies": 8,
    "reports": 9,
}
TOML = """
registers = 12
duplicates = 212
automation = 10
removed_other = 2
screened = 588
excluded = 540
sought = 48
not_retrieved = 3
assessed = 45
studies = 8
reports = 9
other_sought = 5
other_not_retrieved = 1
other_assessed = 4

[databases]
PubMed = 420
Embase = "380"

[reports_excluded]
"no survival" = 30
"not CAR-T" = 6

[other_identified]
"Citation searching" = 5

[other_reports_excluded]
abstract = 4
"""
RIS = """TY  - JOUR
AU  - Rejeski, Kai
PY  - 2021
TI  - CAR-HEMATOTOX: a model for CAR T-cell related hematologic toxicity
DO  - 10.1182/blood.2020010543
ER  -

TY  - JOUR
AU  - Liu, Yang
PY  - 2023
TI  - Ferritin before infusion in myeloma
ER  -
"""
NBIB = """PMID- 34166502
DP  - 2021 Dec 16
TI  - CAR-HEMATOTOX: a model for CAR T-cell-related hematologic toxicity.
FAU - Rejeski, Kai
AID - 10.1182/blood.2020010543 [doi]
"""


def counts(flow: Flow) -> dict[str, int]:
    return {box.code: box.count for box in flow.boxes}


def refusal(said: dict[str, int]) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        flow_from_counts(Counts(said))
    return [problem.what for problem in refused.value.problems]


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_flow_that_adds_up_gives_its_boxes_in_order() -> None:
    flow = flow_from_counts(Counts(WHOLE))
    assert counts(flow) == WHOLE
    assert [box.code for box in flow.boxes] == [code for code in BOXES if code in WHOLE]
    assert all(box.label == BOXES[box.code] for box in flow.boxes)


@pytest.mark.parametrize(
    ("code", "neighbours"),
    [
        ("databases", ("databases", "screened")),
        ("duplicates", ("duplicates", "screened")),
        ("excluded", ("excluded", "sought")),
        ("not_retrieved", ("not_retrieved", "assessed")),
        ("reports_excluded", ("reports_excluded", "reports")),
        ("other_identified", ("other_identified", "other_sought")),
        ("other_not_retrieved", ("other_not_retrieved", "other_assessed")),
        ("reports", ("assessed", "reports")),
    ],
)
def test_a_count_off_by_two_names_both_boxes_and_the_difference(
    code: str, neighbours: tuple[str, str]
) -> None:
    whats = refusal({**WHOLE, code: WHOLE[code] + 2})
    assert any(all(one in what for one in neighbours) and ": 2 too" in what for what in whats)


def test_what_follows_is_filled_in_and_still_checked() -> None:
    short = {"databases": 100, "screened": 100, "excluded": 80, "assessed": 20, "studies": 20}
    assert counts(flow_from_counts(Counts(short)))["sought"] == 20
    assert refusal({**short, "excluded": 79}) == [
        "screened (100) - excluded (79) is 21, but sought (20) stands against it: 1 too few"
    ]


def test_boxes_that_are_missing_are_named_at_once() -> None:
    with pytest.raises(FileRefused) as refused:
        flow_from_counts(Counts({"excluded": 5}))
    assert [problem.mend for problem in refused.value.problems] == [
        "add: databases = NUMBER",
        "add: screened = NUMBER",
        "add: assessed = NUMBER",
        "add: studies = NUMBER",
    ]


def test_more_studies_than_reports_or_reports_without_a_study_are_refused() -> None:
    assert "1 too many" in refusal({**WHOLE, "studies": 10})[0]
    assert "no study is included" in refusal({**WHOLE, "studies": 0})[0]
    assert any("taken away" in what for what in refusal({"databases": 3, "duplicates": 5}))


def test_an_updated_review_adds_its_earlier_studies() -> None:
    more = {"previous_studies": 4, "previous_reports": 5, "total_studies": 12, "total_reports": 14}
    assert counts(flow_from_counts(Counts({**WHOLE, **more})))["total_studies"] == 12
    assert "total_studies (13)" in refusal({**WHOLE, **more, "total_studies": 13})[0]


def test_a_review_under_way_ends_with_what_is_left_to_screen() -> None:
    flow = flow_from_counts(Counts({"databases": 120, "duplicates": 20}))
    assert counts(flow)["screened"] == 100


def test_toml_with_databases_and_reasons_by_name(tmp_path: Path) -> None:
    flow = read_flow(saved(tmp_path, "prisma.toml", TOML))
    assert counts(flow) == WHOLE
    reasons = {box.code: box.reasons for box in flow.boxes if box.reasons}
    assert reasons["databases"] == (("PubMed", 420), ("Embase", 380))
    assert reasons["reports_excluded"] == (("no survival", 30), ("not CAR-T", 6))


def test_unknown_boxes_and_bad_counts_are_named_together(tmp_path: Path) -> None:
    text = "databases = 10\nscreend = 10\nduplicates = -1\nexcluded = 2.5\n"
    text += "not_retrieved = { a = 1 }\nassessed = true\n"
    with pytest.raises(FileRefused) as refused:
        read_flow(saved(tmp_path, "p.toml", text))
    found = [(one.code, one.where) for one in refused.value.problems]
    assert found == [
        ("flow_box", "p.toml: screend"),
        ("flow_count", "p.toml: duplicates"),
        ("flow_count", "p.toml: excluded"),
        ("flow_count", "p.toml: not_retrieved"),
        ("flow_count", "p.toml: assessed"),
    ]
    assert refused.value.problems[0].mend == "did you mean screened?"


def test_csv_of_boxes_with_reasons_and_thousands(tmp_path: Path) -> None:
    text = (
        'box,count,reason\ndatabases,"1,234",PubMed\ndatabases,66,Embase\nscreened,1300,\n'
        "records excluded,1290,\nassessed,10,\nreports_excluded,2,no HR\nstudies,8,\n"
    )
    flow = read_flow(saved(tmp_path, "prisma.csv", text))
    assert counts(flow)["databases"] == 1300
    assert counts(flow)["sought"] == 10
    with pytest.raises(FileRefused) as refused:
        read_flow(saved(tmp_path, "twice.csv", text + "studies,8,\n"))
    assert "twice" in refused.value.problems[0].what


def test_csv_of_the_prisma2020_package(tmp_path: Path) -> None:
    rows = {
        "previous_studies": "0",
        "database_results": "100",
        "register_results": "0",
        "website_results": "3",
        "citations_results": "1",
        "duplicates": "10",
        "excluded_automatic": "0",
        "excluded_other": "0",
        "records_screened": "90",
        "records_excluded": "70",
        "dbr_sought_reports": "20",
        "dbr_notretrieved_reports": "1",
        "other_sought_reports": "4",
        "other_notretrieved_reports": "0",
        "dbr_assessed": "19",
        "dbr_excluded": '"Wrong outcome, 7; Wrong design, 4"',
        "other_assessed": "4",
        "other_excluded": '"Abstract, 3"',
        "new_studies": "8",
        "new_reports": "9",
        "total_studies": "0",
        "identification": "0",
    }
    lines = [f"{key},node,box,{value}" for key, value in rows.items()]
    flow = read_flow(saved(tmp_path, "PRISMA.csv", "\n".join(["data,node,box,n", *lines])))
    found = {box.code: box for box in flow.boxes}
    assert found["reports_excluded"].reasons == (("Wrong outcome", 7), ("Wrong design", 4))
    assert found["other_identified"].reasons == (("Websites", 3), ("Citation searching", 1))
    assert found["reports"].count == 9
    assert "total_studies" not in found


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.toml", "databases = = 3", "flow_format"),
        ("a.csv", "a,b\n1,2\n", "flow_format"),
        ("a.csv", "", "flow_format"),
    ],
)
def test_files_of_no_known_form_are_refused(
    name: str, content: str, code: str, tmp_path: Path
) -> None:
    with pytest.raises(FileRefused) as refused:
        read_flow(saved(tmp_path, name, content))
    assert refused.value.problems[0].code == code


def test_an_absent_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        read_flow(tmp_path / "none.toml")
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00\xd8\xff")
    with pytest.raises(FileRefused):
        read_flow(path)


def test_imported_lists_are_counted_and_every_duplicate_kept(tmp_path: Path) -> None:
    pytest.importorskip("rispy", reason="the extra 'references' is not installed")
    saved(tmp_path, "embase.ris", RIS)
    saved(tmp_path, "pubmed.nbib", NBIB)
    flow = flow_from_references(
        {"Embase": tmp_path / "embase.ris", "PubMed": tmp_path / "pubmed.nbib"}
    )
    assert counts(flow)["databases"] == 3
    assert (counts(flow)["duplicates"], counts(flow)["screened"]) == (1, 2)
    ((kept, dropped, by),) = flow.duplicates
    assert kept.startswith("embase.ris #1")
    assert dropped.startswith("pubmed.nbib #1")
    assert by == "DOI"


def test_lists_and_counts_together_must_agree(tmp_path: Path) -> None:
    pytest.importorskip("rispy", reason="the extra 'references' is not installed")
    saved(tmp_path, "embase.ris", RIS)
    saved(tmp_path, "pubmed.nbib", NBIB)
    text = 'databases = { Embase = "embase.ris", PubMed = "pubmed.nbib" }\n'
    text += "screened = 2\nexcluded = 1\nassessed = 1\nstudies = 1\n"
    flow = read_flow(saved(tmp_path, "p.toml", text))
    assert (counts(flow)["duplicates"], counts(flow)["studies"]) == (1, 1)
    with pytest.raises(FileRefused) as refused:
        read_flow(saved(tmp_path, "q.toml", text + "duplicates = 2\n"))
    assert "1 too many" in refused.value.problems[0].what
