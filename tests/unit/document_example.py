"""A paper built by hand: every block, every awkward sign."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from matplotlib.figure import Figure as Drawing

from cartwheel.figures.saving import svg
from cartwheel.figures.style import look
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Cell,
    Checklist,
    ChecklistItem,
    Column,
    Document,
    Figure,
    Heading,
    Paragraph,
    Reference,
    Row,
    Run,
    Table,
)

HOSTILE = (
    "<script>alert(1)</script> & <b>bold</b> \"q\" 'a'",
    "# heading * star _ under @ref $x^2$ ~tilde `raw` \\back {brace} [bracket] // comment",
    '#image("x") #sys.inputs {{ 1 + 1 }} {% raw %} ${x} %s &lt; &#60; ]]> <!-- c -->',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "חולה ראשון (IL-6 גבוה)",
    "ارتفاع الفيريتين 500 ug/L",
    "a--b---c ... 1/2 (c) -> => <= ≥ µ ² − \u202f12\u202f345",
    "tab\there, line\nbreak, \x00null \x1b escape \ud800 half \ufffe none",
    "baseline_ferritin_on_the_day_of_lymphodepletion_in_micrograms_per_litre_log10",
    "sha256:" + "0123456789abcdef" * 4,
    "   spaces   around   ",
    "&amp; 100% done\u00a0now",
)
CJK = "细胞因子释放综合征（重度）预测评分"

REFERENCES = (
    Reference(
        "firth1993", ("Firth, David",), "Bias reduction of maximum likelihood estimates",
        "Biometrika", 1993, "80", "27-38", "10.1093/biomet/80.1.27",
    ),
    Reference(
        "many2020",
        tuple(f"Family{letter}, Given {letter}." for letter in "ABCDEFGH"),
        "Is <this> a title & a question?", "J Test", 2020,
    ),
    Reference("group", ("The Study Group",), "A group's work", "Lancet", 2001, doi="10.1/x_y"),
)  # fmt: skip


def figure(
    id: str, caption: str, *, width: str = "double", height_cm: float = 8.0, label: str = "Risk"
) -> Figure:
    """A real drawing, with the data it was drawn from."""
    across = 8.5 if width == "single" else 17.5
    with look(), warnings.catch_warnings():
        # the layout font lacks some scripts; the formats show them all the same
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        drawing = Drawing(figsize=(across / 2.54, height_cm / 2.54), facecolor="white")
        axes = drawing.add_axes((0.15, 0.2, 0.8, 0.7))
        axes.plot([0, 1, 2], [0.1, 0.4, 0.2])
        axes.set_xlabel(label)
        drawing.set_label(id)
    return Figure(
        id, caption, f"Line through three points, 0.1 to 0.4: {caption}", svg(drawing),
        "x,y\n0,0.1\n1,0.4\n2,0.2\n", width,
    )  # fmt: skip


def words_of(text: str) -> tuple[Run, ...]:
    """One plain run."""
    return (Run(text),)


def performance_table() -> Table:
    """Apparent beside corrected."""
    rows = tuple(
        Row(
            (
                Cell(name),
                Cell("0.812 (0.741 to 0.883)", f"result.performance.measures[{place}].apparent"),
                Cell(
                    "0.774 (0.698 to 0.850)",
                    f"result.performance.measures[{place}].corrected",
                    strong=True,
                ),
                Cell("<0.001" if place == 0 else "", ""),
            ),
            indent=1,
        )
        for place, name in enumerate(("AUC", "C index", "Brier score"))
    )  # fmt: skip
    return Table(
        "table-performance",
        "Performance before and after correction for optimism",
        (
            Column("Measure"),
            Column("Apparent", "right"),
            Column("Corrected", "right"),
            Column("p", "right"),
        ),
        (Row((Cell("Discrimination"),), heading=True), *rows),
        ("CI, confidence interval.", "Intervals: percentile bootstrap."),
    )  # fmt: skip


def wide_table(columns: int = 14) -> Table:
    """More columns than an upright page has room for."""
    names = tuple(
        Column(f"Measure_{index}", "right" if index else "left") for index in range(columns)
    )
    rows = tuple(
        Row(tuple(Cell(f"Row {row}" if not c else f"{row}.{c:03d} (0.1)") for c in range(columns)))
        for row in range(5)
    )
    return Table("table-wide", "A wide table", names, rows)


def long_table(rows: int = 120, id: str = "table-long") -> Table:
    """Longer than a page."""
    return Table(
        id,
        "A table longer than a page",
        (Column("Predictor", width=2), Column("Patients", "right"), Column("Note", width=3)),
        tuple(
            Row(
                (
                    Cell(f"predictor_{row}"),
                    Cell(str(row), f"result.rows[{row}].n"),
                    Cell(f"Note {row}"),
                )
            )
            for row in range(rows)
        ),
    )  # fmt: skip


def hostile_table(texts: Iterable[str] = HOSTILE) -> Table:
    """What users write, as names and as values."""
    return Table(
        "table-hostile",
        "Names " + HOSTILE[0] + HOSTILE[1],
        (Column("Name"), Column("=Value", "right"), Column("$Note$", "center")),
        tuple(Row((Cell(text), Cell(text[:12]), Cell(text, strong=True))) for text in texts),
        tuple(texts)[:3],
    )


def checklist() -> Checklist:
    """One item of each kind."""
    return Checklist(
        "checklist-test",
        "TRIPOD+AI",
        ("group",),
        (
            ChecklistItem("1", "Title", "Name the aim", "filled", "Development", "result.title"),
            ChecklistItem("2a", "Funding", "Say who paid", "author", "", ""),
            ChecklistItem("3", "Update", "Say how", "not applicable", "nothing was updated", ""),
        ),
    )


def blocks() -> tuple[Block, ...]:
    """Every kind of block."""
    return (
        Heading("Methods", 1, "methods"),
        Heading("Participants", 2, "participants"),
        Paragraph(
            (
                Run("We followed "),
                Run("197", source="result.patients"),
                Run(
                    " patients and fitted by penalised likelihood", cites=("firth1993", "many2020")
                ),
                Run(". The column "),
                Run("crs_grade_3", style="code"),
                Run(" was "),
                Run("not", style="strong"),
                Run(" used "),
                Run("post hoc", style="emphasis"),
                Run(".", cites=("group",)),
            )
        ),
        Bullets(tuple(words_of(text) for text in ("First item.", *HOSTILE))),
        Caution("critical", words_of("Only 12 events for 9 candidate predictors.")),
        Caution("assumption", words_of("Missing values are missing at random.")),
        Heading("Skipped to the third level", 3, "third"),
        performance_table(),
        Heading("Results", 1, "results"),
        figure("figure-single", "A single column", width="single", height_cm=7),
        figure("figure-double", "Two columns <i>&amp;</i> $x$"),
        figure(
            "figure-tall", "Taller than a page " + "and with a long caption " * 20, height_cm=40
        ),
        Heading("Wide", 2, "wide"),
        wide_table(),
        Paragraph(words_of("After the wide table.")),
        long_table(),
        hostile_table(),
        Heading("Checklists", 1, "checklists"),
        checklist(),
    )


def document(
    language: str = "en", *, simulated: bool = True, more: tuple[Block, ...] = ()
) -> Document:
    """The whole paper."""
    return Document(
        title="Severe CRS: a score <made> of $two$ markers & more",
        subtitle="Development and internal validation",
        language=language,
        simulated=simulated,
        blocks=(*blocks(), *more),
        references=REFERENCES,
    )  # fmt: skip
