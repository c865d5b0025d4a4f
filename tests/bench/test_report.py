"""Tables, pictures, pages."""

from xml.etree import ElementTree

from bench import plot, report, table, tables
from bench.rounds import Plan, Sample
from bench.section import Section

SAMPLES = [
    *(Sample("hello", "floor", n, 100, 200.0) for n in (1, 2, 3)),
    *(Sample("hello", "hendrix", n, 100, 250.0, 4000, 15.0, 20.0, 60, 61) for n in (1, 2, 3)),
    *(Sample("hello", "granian", n, 100, 500.0, 2000, 30.0, 40.0, 70, 71) for n in (1, 2)),
    Sample("hello", "granian", 3, 100, 1.0, 9000, 1.0, 1.0, 70, 71, errors="64 timeout errors"),
]


def test_figures_have_three_places() -> None:
    assert [table.number(value) for value in (12345.6, 123.4, 12.34, 1.234, 0.1, None)] == [
        "12,346", "123", "12.3", "1.23", "0.10", "–",
    ]  # fmt: skip


def test_a_table_is_markdown() -> None:
    assert table.markdown(("a", "b"), [("x|y", "1")]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"


def test_the_floor_comes_first_then_the_cheapest() -> None:
    rows = tables.workload_table(SAMPLES, "hello").splitlines()[2:]
    assert rows == [
        "| Django alone | – | 200 | 1.00 | 0.80 | – | – | – | – | 3 |",
        "| Hendrix | 4,000 | 250 | 1.25 | 1.00 | 15.0 | 20.0 | 60.0 | 61.0 | 3 |",
        "| Granian | 2,000 | 500 | 2.50 | 2.00 | 30.0 | 40.0 | 70.0 | 71.0 | 2 of 3: 64 timeout errors |",
    ]


def test_a_server_without_a_valid_round_has_dashes() -> None:
    samples = [*SAMPLES[:6], Sample("hello", "daphne", 1, 0, 0.0, errors="no request completed")]
    last = tables.workload_table(samples, "hello").splitlines()[-1]
    assert last == "| Daphne | – | – | – | – | – | – | – | – | 0 of 1: no request completed |"


def test_the_section_names_who_was_not_measured() -> None:
    section = tables.section(SAMPLES, Plan())
    assert "Not measured: gunicorn, uWSGI, waitress, uvicorn, Daphne." in section.text
    assert set(section.pictures) == {"cpu.svg", "requests.svg"}


def test_a_picture_is_well_formed_and_to_scale() -> None:
    bars = [plot.Bar("a & b", 10, "10", "first"), plot.Bar("c", 5, "5")]
    root = ElementTree.fromstring(plot.svg("T <1>", "unit", [plot.Panel("P", bars), plot.Panel("empty", [])]))
    widths = {rect.get("class"): float(rect.get("width", 0)) for rect in root.iter("{http://www.w3.org/2000/svg}rect")}
    assert widths["first"] == 2 * widths["bar"]


def test_the_page_has_facts_method_and_sections() -> None:
    facts = {"date": "2026-01-02", "processor": "P", "memory": "1 GB", "kernel": "L", "python": "C 3", "wrk": "4"}
    page = report.markdown(facts, {"granian": "2.8"}, Plan(), [Section("k", "Title", "text", [])])
    assert "Granian 2.8" in page
    assert "- Date: 2026-01-02" in page
    assert page.endswith("## Title\n\ntext\n")
