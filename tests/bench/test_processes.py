"""Process trees, CPU and memory readings, names of things."""

import os
import threading
import time

import pytest

from bench import cpu, memory, profile, servers, workers, workloads
from bench.process import descendants
from bench.progress import BenchError


def test_a_tree_is_children_of_children_and_the_rest_of_the_session() -> None:
    table = {1: (0, 1), 10: (1, 10), 11: (10, 10), 12: (11, 12), 13: (1, 10), 14: (1, 1)}
    assert descendants(10, table) == {10, 11, 12, 13}


def test_an_orphan_is_found_by_its_session_when_its_leader_is_gone() -> None:
    assert descendants(10, {1: (0, 1), 13: (1, 10)}) == {13}


def test_cpu_between_readings_counts_new_processes_from_their_start() -> None:
    assert cpu.spent({1: 100}, {1: 150, 2: 30}) == 80


def test_a_process_that_ended_is_lost() -> None:
    assert cpu.lost({1: 100, 2: 5}, {1: 150}) == {2}


def test_threads_that_ended_are_in_the_reading() -> None:
    def burn() -> None:
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass

    me = os.getpid()
    before = cpu.read([me])
    thread = threading.Thread(target=burn)
    thread.start()
    thread.join()
    assert cpu.spent(before, cpu.read([me])) >= 50_000_000


def test_a_pid_that_is_no_process_has_no_reading() -> None:
    assert cpu.read([2**22 + 1]) == {}


def test_memory_fields() -> None:
    assert memory.field("Rss:   12 kB\nPss:    345 kB\nPss_Dirty:   7 kB\n", "Pss") == 345
    assert memory.field("", "Pss") == 0
    assert memory.pss([os.getpid()]) > 1


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(BenchError, match="no server caddy: there are hendrix, granian"):
        servers.choose("granian,caddy")
    with pytest.raises(BenchError, match="no workload x: there are hello"):
        workloads.choose("x")


def test_no_names_mean_all() -> None:
    assert [one.name for one in servers.choose("")] == list(servers.SERVERS)
    assert [one.name for one in workloads.choose(" json , orm")] == ["json", "orm"]


def test_a_suite_stands_for_its_workloads() -> None:
    names = [one.name for one in workloads.choose("files,hello,static_1m")]
    assert names == ["hello", *(one.name for one in workloads.WORKLOADS.values() if one.suite == "files")]


def test_only_peers_are_told_of_threads() -> None:
    few, many = servers.Setting(1, threads=4), servers.Setting(1, threads=64)
    told = {one.name for one in servers.of_suite("sync") if one.command(few) != one.command(many)}
    assert told == {"granian", "gunicorn", "uwsgi", "waitress"}


def test_an_opponent_is_a_server_or_a_checkout(tmp_path: os.PathLike[str]) -> None:
    subject = servers.SERVERS["hendrix"]
    assert profile.opponent(subject, "granian") is servers.SERVERS["granian"]
    source = os.path.join(tmp_path, "src")
    os.makedirs(os.path.join(source, "hendrix"))
    other = profile.opponent(subject, os.fspath(tmp_path))
    assert list(map(os.fspath, other.import_first)) == [os.path.realpath(source)]
    assert other.name == f"hendrix@{os.path.basename(tmp_path)}"
    with pytest.raises(BenchError, match="neither a checkout"):
        profile.opponent(subject, os.path.join(tmp_path, "none"))


def test_the_settings_of_a_project_are_in_its_manage_file() -> None:
    text = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.conf.settings")'
    assert workers.settings_of(text) == "shop.conf.settings"
    with pytest.raises(BenchError):
        workers.settings_of("")
