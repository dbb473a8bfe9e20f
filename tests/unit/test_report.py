import copy
import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from on_demand import OnDemand
from report_example import documents

from cartwheel.errors import FileRefused
from cartwheel.report.html import report_html
from cartwheel.report.story import REFEREE, SECTIONS, estimate_methods, side_by_side

DOCUMENTS = documents()
PAGES = OnDemand(DOCUMENTS, lambda kind: report_html(DOCUMENTS[kind]))
BANNER = "SIMULATED DATA: not real patients"

# Drawn as lines, bars and ticks of a figure rather than written.
DRAWN = re.compile(
    r"\.(wander_grid|values|times|survival|low|high|censor_times|risk_times|at_risk|thresholds"
    r"|sensitivity|specificity|curve|corrected|histogram|x|log_effect)\.\d+"
)


class Page(HTMLParser):
    """What a page says: its <data> numbers, its words outside them, its tags."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.data, self.words, self.tags, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)
        if tag == "data":
            self.data.append([dict(attrs)["value"], ""])

    def handle_endtag(self, tag):
        if tag not in ("meta", "br", "wbr"):
            assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if "svg" in self.open or "style" in self.open:
            return
        if "data" in self.open:
            self.data[-1][1] += data
        else:
            self.words.append(data)


def leaves(thing, path=""):
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(thing, list):
        for index, value in enumerate(thing):
            yield from leaves(value, f"{path}.{index}")
    else:
        yield path, thing


def is_number(thing):
    return isinstance(thing, int | float) and not isinstance(thing, bool)


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_number_of_the_page_is_in_its_json(kind):
    known = {json.dumps(value) for _, value in leaves(DOCUMENTS[kind]) if is_number(value)}
    shown = Page(PAGES[kind]).data
    assert len(shown) > 300
    for value, text in shown:
        assert value in known
        assert text


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_there_is_no_number_outside_the_data_elements(kind):
    strings = [str(value) for _, value in leaves(DOCUMENTS[kind]) if isinstance(value, str)]
    strings += [key for key in DOCUMENTS[kind]["provenance"]["libraries"]]
    told = re.sub(r"\s+", "", " ".join(strings))
    for words in Page(PAGES[kind]).words:
        for token in re.findall(r"\S*\d\S*", words):
            assert token.strip(".,;:()“”") in told, words


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_number_of_the_json_is_on_the_page(kind):
    shown = {value for value, _ in Page(PAGES[kind]).data}
    missing = [
        path
        for path, value in leaves(DOCUMENTS[kind])
        if is_number(value) and not DRAWN.search(path) and json.dumps(value) not in shown
    ]
    assert missing == []


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_sentence_of_the_json_is_on_the_page(kind):
    result = DOCUMENTS[kind]["result"]
    page = re.sub(r"\s+", " ", html.unescape(PAGES[kind]))
    for note in result["notes"]:
        assert note["text"] in page
    for sentence in (*result["methods"], result["question"], result["guard"]["text"]):
        assert sentence in page


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_same_input_same_bytes(kind):
    assert report_html(copy.deepcopy(DOCUMENTS[kind])) == PAGES[kind]
    assert report_html(json.loads(json.dumps(DOCUMENTS[kind]))) == PAGES[kind]


@pytest.mark.parametrize("kind", list(DOCUMENTS))
@pytest.mark.parametrize("simulated", [False, True])
def test_simulated_is_said_exactly_when_it_is(kind, simulated):
    document = copy.deepcopy(DOCUMENTS[kind])
    document["result"]["simulated"] = simulated
    page = report_html(document)
    figures = page.count("<figure ")
    assert figures > 5
    if simulated:
        # every figure, the banner, the printed pages' margin, intended use and the footer
        assert page.count(BANNER) >= figures + 4
        assert "@top-center" in page
        assert page.index(BANNER) < page.index("<h1>")
    else:
        assert "SIMULATED" not in page


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_the_page_needs_nothing_else(kind):
    page = Page(PAGES[kind])
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "base")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert attributes.get(name, "#").startswith("#")
    styles = re.findall(r"<style>.*?</style>", PAGES[kind], flags=re.DOTALL)
    assert not re.search(r"@import|url\((?!#)", "".join(styles))
    remote = re.findall(r'https?://[^"\s<]*', PAGES[kind])
    assert set(remote) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_anchors_are_unique_and_reached(kind):
    page = Page(PAGES[kind])
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for tag, attributes in page.tags if tag == "a"]
    assert len(links) > 10
    assert set(links) <= set(ids)


def test_apparent_and_corrected_are_equally_large():
    tiles = re.findall(r'<p class="big">(.*?)</p>', PAGES["points"])
    measure = DOCUMENTS["points"]["result"]["performance"]["measures"][0]
    assert tiles == [
        f'<data value="{measure[key]["value"]}">{measure[key]["value"]:.3f}</data>'
        for key in ("apparent", "corrected")
    ]


def test_the_naive_p_value_never_stands_alone():
    rows = re.findall(r"<tr>.*?</tr>", PAGES["index"])
    for cutoff in DOCUMENTS["index"]["result"]["cutoffs"]:
        naive = [row for row in rows if f'"{cutoff["p_naive"]}"' in row]
        assert naive
        assert all(f'"{cutoff["p_adjusted"]}"' in row for row in naive)


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        'a "quoted" & <b>bold</b>',
        "{{ 7*7 }}",
        "漢字 😀",
        "-->",
        "</svg>",
    ],
)
@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_hostile_labels_are_escaped(kind, label):
    document = relabelled(copy.deepcopy(DOCUMENTS[kind]), label)
    page = report_html(document)
    tags = [tag for tag, _ in Page(page).tags]
    assert tags.count("script") == 0
    assert "<b>bold" not in page
    assert label in " ".join(Page(page).words)


def relabelled(thing, words):
    keys = ("label", "column", "title", "question", "text", "rule", "group", "model", "level",
            "data_name", "verdict", "unit", "range", "band", "term")  # fmt: skip
    if isinstance(thing, dict):
        return {
            key: words if key in keys and isinstance(value, str) else relabelled(value, words)
            for key, value in thing.items()
        }
    if isinstance(thing, list):
        return [relabelled(item, words) for item in thing]
    return thing


PARTS = {
    "notes": [], "flow": [], "columns": [], "table_one": [], "multivariable": None,
    "index_model": None, "adjusted_model": None, "cutoffs": [], "selection": [], "score_card": [],
    "risk_table": [], "rounding": [], "groups": [], "group_tests": [], "survival": [], "roc": [],
    "calibration": None, "splines": [], "associations": [], "methods": [], "imputation": None,
    "instability": None, "proportional_hazards": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (kind, part)
        for kind, document in DOCUMENTS.items()
        for part in [*PARTS, "all"]
        if part == "all" or document["result"][part]
    ],
)
def test_parts_that_do_not_apply_are_left_out(kind, part):
    document = copy.deepcopy(DOCUMENTS[kind])
    for name, empty in PARTS.items():
        if part in (name, "all"):
            document["result"][name] = copy.deepcopy(empty)
    if part == "all":
        document["result"]["univariable"]["rows"] = []
        document["result"]["performance"]["measures"] = []
        document["result"]["uncut"]["measures"] = []
    page = Page(report_html(document))
    assert page.open == []
    assert len(page.data) > 10
    if part == "all":
        assert "figure" not in [tag for tag, _ in page.tags]


def test_each_example_has_its_own_parts():
    assert "Kaplan-Meier curves" in PAGES["index"]
    assert "Kaplan-Meier curves" not in PAGES["points"]
    assert "Score card" in PAGES["points"]
    assert "Score card" not in PAGES["index"]
    assert "not reached" in PAGES["index"]
    for section in SECTIONS:
        # no example was read by the referee: test_validation_report looks at that section
        there = any(f'<section id="{section.name}">' in page for page in PAGES.values())
        assert there == (section is not REFEREE)


def test_numbers_that_do_not_exist_are_said_in_words():
    document = copy.deepcopy(DOCUMENTS["index"])
    result = document["result"]
    for estimate in (
        result["performance"]["measures"][0]["corrected"],
        result["univariable"]["rows"][0]["effect"],
        result["survival"][1]["median"],
        result["groups"][0]["observed"],
    ):
        estimate.update(value=None, low=None, high=None, level=None)
    result["cutoffs"][0].update(
        method="fixed", wander=None, wander_grid=[], p_naive=None, p_adjusted=None, statistic=None,
        gap_low=None, gap_high=None,
    )  # fmt: skip
    result["outcome"].update(horizon=None, landmark_day=2.0, follow_up=None)
    result["sample_size"]["expected_shrinkage"] = None
    page = report_html(document)
    assert page.count("not estimable") > 3
    assert "None" not in " ".join(Page(page).words)


@pytest.mark.parametrize("broken", [{}, {"kind": "develop"}])
def test_what_is_not_a_development_is_refused(broken):
    with pytest.raises(FileRefused, match="lacks"):
        report_html(broken)


def test_a_result_that_lacks_a_part_is_refused_by_name():
    document = copy.deepcopy(DOCUMENTS["points"])
    del document["result"]["roc"]
    with pytest.raises(FileRefused, match=r"result\.roc"):
        report_html(document)


def test_rows_of_two_tables_meet_by_term():
    first = {"rows": [{"term": "a", "label": "A"}, {"term": "b", "label": "B"}]}
    second = {"rows": [{"term": "c", "label": "C"}, {"term": "b", "label": "B"}]}
    rows = side_by_side(first, second)
    assert [(label, bool(left), bool(right)) for label, left, right in rows] == [
        ("A", True, False),
        ("B", True, True),
        ("C", False, True),
    ]


def test_methods_of_estimates_are_listed_once():
    estimate = {"value": 1, "level": 0.95, "method": "Wald"}
    assert estimate_methods([estimate, {"x": estimate}, {"method": "not an estimate"}]) == ["Wald"]


def test_the_packages_import_neither_matplotlib_nor_jinja2():
    code = (
        "import sys, cartwheel.report, cartwheel.figures, cartwheel.figures.numbers;"
        "sys.exit(bool({'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
