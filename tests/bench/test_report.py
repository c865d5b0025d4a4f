"""Tables, pictures, pages."""

from dataclasses import asdict, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import cli, idle, life, many, plot, report, startup, streams, table, tables, workers
from bench.gathering import Gathered
from bench.idle import Crowded
from bench.life import Life
from bench.many import Stocked
from bench.progress import BenchError
from bench.report import Occasion, Part
from bench.rounds import Plan, Sample
from bench.section import Section
from bench.workers import Grown

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


def occasion(date: str = "2026-01-02", **versions: str) -> Occasion:
    machine = {"processor": "P", "memory": "1 GB", "kernel": "L", "python": "C 3", "wrk": "4"}
    return Occasion({"commit": "abc", "date": date, **machine}, {"granian": "2.8"} | versions, Plan())


def test_the_page_has_facts_method_and_sections() -> None:
    page = report.markdown([Part(Section("k", "Title", "text", []), occasion())])
    assert "Granian 2.8" in page
    assert page.endswith("## Title\n\nMeasured on 2026-01-02, commit abc.\n\ntext\n")


def test_a_section_of_another_day_says_what_was_different() -> None:
    parts = [
        Part(Section("one", "One", "text", []), occasion("2026-01-02", django="5.2", gunicorn="26")),
        Part(Section("two", "Two", "text", []), occasion("2026-02-03", django="6.0", granian="3.0", nginx="?")),
    ]
    page = report.markdown(parts)
    assert "- Python: C 3, Django 6.0, wrk 4" in page
    assert "- Servers: Granian 3.0, gunicorn 26\n" in page
    assert "Measured on 2026-01-02, commit abc (Python C 3, Django 5.2, wrk 4; Granian 2.8)." in page
    assert "Measured on 2026-02-03, commit abc." in page


def test_others_on_the_machine_are_told() -> None:
    quiet = occasion()
    busy = replace(quiet, facts={**quiet.facts, "load": "7.5"})
    page = report.markdown([Part(Section("k", "Title", "text", []), busy)])
    assert "commit abc, on a machine that others used at the same time (load 7.5 before it began)." in page
    page = report.markdown(
        [Part(Section("k", "Title", "text", []), replace(quiet, facts={**quiet.facts, "load": "0.4"}))]
    )
    assert "Measured on 2026-01-02, commit abc." in page


def test_what_is_measured_anew_takes_the_place_of_its_own_section_only(tmp_path: Path) -> None:
    idle_section = idle.draw([asdict(Crowded("hendrix", 10, 10, 50.0, 52.0))], Plan(crowd=10))
    report.write(tmp_path, occasion("2026-01-02"), [*tables.sections(SAMPLES, Plan()), idle_section])
    again = [replace(one, cpu_us=one.cpu_us * 2) for one in SAMPLES]
    report.write(tmp_path, occasion("2026-02-03"), tables.sections(again, Plan()))
    page = (tmp_path / "README.md").read_text()
    assert "| Hendrix | 4,000 | 500 |" in page and "| Hendrix | 4,000 | 250 |" not in page
    assert "## Idle connections\n\nMeasured on 2026-01-02" in page
    assert "| Hendrix | 10 | 10 | 50.0 | 52.0 | 2.00 | 200 |" in page
    assert page.index("## Requests\n\nMeasured on 2026-02-03") < page.index("## Idle connections")
    assert (tmp_path / "cpu.svg").exists()


def test_a_report_is_drawn_from_its_figures_alone(tmp_path: Path) -> None:
    sections = [
        *tables.sections(SAMPLES, Plan()),
        startup.draw({"setup": {"1": 200.0, "2": 210.0}, "hendrix": {"1": 300.0, "2": 320.0}}, 2),
        workers.draw([asdict(Grown("hendrix", 50.0, 75.0))]),
        life.draw([asdict(Life(1, 300.0, [400.0], [500.0], 100, 0, 20.0, 60.0))]),
        many.draw([asdict(Stocked(0, [300.0], [500.0], [50.0])), asdict(Stocked(9, [400.0], [900.0], [80.0]))]),
        streams.draw([asdict(Gathered("hendrix", 9, 9, 1.0, 50.0, 51.0, (9, 9), (0.1, 0.3)))], Plan()),
    ]
    report.write(tmp_path, occasion(), sections)
    before = (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").unlink()
    report.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == before.replace("Medians of 2 ", "Medians of 7 ")
    assert "| added | 100 | 400 | 30.0 |" in before


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nothing was measured"):
        report.write(tmp_path)
    (tmp_path / "results.json").write_text('{"facts": {"date": "2026-01-02"}}')
    with pytest.raises(BenchError, match="not a report of this bench"):
        report.write(tmp_path)


def test_files_are_compared_with_nginx() -> None:
    samples = [Sample("static_10k", name, 1, 100, cost, 1000) for name, cost in (("nginx", 20.0), ("hendrix", 15.0))]
    (section,) = tables.sections(samples, Plan())
    assert (section.key, section.title) == ("files", "Static files")
    assert "| CPU / nginx | CPU / Hendrix |" in section.text
    assert "| Hendrix | 1,000 | 15.0 | 0.75 | 1.00 |" in section.text
    assert "Not measured: Granian (static), twist web (static)." in section.text
    assert set(section.pictures) == {"files-cpu.svg", "files-requests.svg"}


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ((), report.PLACE), (("load",), report.PLACE), (("load", "--workloads", "files,resource"), report.PLACE),
        (("load", "--workloads", "static_10k"), None), (("load", "--servers", "hendrix"), None),
        (("load", "--browser"), None), (("idle",), None), (("files", "--out", "x"), Path("x")),
        (("load", "--workloads", "async"), None), (("load", "--workloads", "async,pair"), report.PLACE),
    ],
)  # fmt: skip
def test_only_what_is_whole_takes_the_place_of_the_report(arguments: tuple[str, ...], where: Path | None) -> None:
    assert cli.place(cli.parser().parse_args(arguments)) == where
