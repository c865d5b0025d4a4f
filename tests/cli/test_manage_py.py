"""A table of manage.py files and the settings that each sets."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from hendrix.cli.manage_py import settings_set_by
from hendrix.core.errors import ProjectError, UsageError

DJANGO_5_2 = '''
    #!/usr/bin/env python
    """Django's command-line utility for administrative tasks."""
    import os
    import sys


    def main():
        """Run administrative tasks."""
        os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site5.settings')
        try:
            from django.core.management import execute_from_command_line
        except ImportError as exc:
            raise ImportError(
                "Couldn't import Django. Are you sure it's installed and "
                "available on your PYTHONPATH environment variable? Did you "
                "forget to activate a virtual environment?"
            ) from exc
        execute_from_command_line(sys.argv)


    if __name__ == '__main__':
        main()
'''

DJANGO_1_11 = """
    import os
    import sys

    if __name__ == "__main__":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "old_site.settings")
        try:
            from django.core.management import execute_from_command_line
        except ImportError:
            try:
                import django
            except ImportError:
                raise ImportError("Couldn't import Django.")
            raise
        execute_from_command_line(sys.argv)
"""


def one_line(value: str, before: str = "") -> str:
    return f'import os, sys\n{before}\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", {value})'


#: name -> (the file, the settings; None where only running it would tell)
FILES: dict[str, tuple[str, str | None]] = {
    "Django 5.2": (DJANGO_5_2, "site5.settings"),
    "Django 1.11": (DJANGO_1_11, "old_site.settings"),
    "nothing": ("", ""),
    "another variable": ('import os\nos.environ["X"] = "a"', ""),
    # names that Python accepts
    "digits and underscores": (one_line("'p2.settings_3._x'"), "p2.settings_3._x"),
    "unicode": (one_line('"größe.settings"'), "größe.settings"),
    "no identifier": (one_line('"my-site.settings"'), "my-site.settings"),
    # ways to set it
    "assignment": ('import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "a.b"', "a.b"),
    "environ imported": ('from os import environ\nenviron.setdefault("DJANGO_SETTINGS_MODULE", "a.b")', "a.b"),
    "environ imported as": ('from os import environ as e\ne["DJANGO_SETTINGS_MODULE"] = "a.b"', "a.b"),
    "os imported as": ('import os as o\no.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")', "a.b"),
    "environ by another name": ('import os\nenv = os.environ\nenv["DJANGO_SETTINGS_MODULE"] = "a.b"', "a.b"),
    "setdefault by another name": ('import os\ns = os.environ.setdefault\ns("DJANGO_SETTINGS_MODULE", "a.b")', "a.b"),
    "putenv": ('import os\nos.putenv("DJANGO_SETTINGS_MODULE", "a.b")', "a.b"),
    "update": ('import os\nos.environ.update({"DJANGO_SETTINGS_MODULE": "a.b"})', "a.b"),
    "update by keyword": ('import os\nos.environ.update(DJANGO_SETTINGS_MODULE="a.b")', "a.b"),
    "the name in a constant": (
        'import os\nNAME = "DJANGO_SETTINGS_MODULE"\nos.environ.setdefault(NAME, "a.b")',
        "a.b",
    ),
    "os of somebody else": ('import fake as os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")', ""),
    # which one counts
    "first setdefault wins": (one_line('"a.b"') + "\n" + one_line('"c.d"'), "a.b"),
    "last assignment wins": (
        'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "a"\nos.environ["DJANGO_SETTINGS_MODULE"] = "b"',
        "b",
    ),
    "assignment beats setdefault": (one_line('"a.b"') + '\nos.environ["DJANGO_SETTINGS_MODULE"] = "c.d"', "c.d"),
    "setdefault after assignment": (
        'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "a"\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "b")',
        "a",
    ),
    "what comes after Django": (
        "from django.core.management import execute_from_command_line as run, execute_from_command_line\n"
        + one_line('"a.b"')
        + '\nexecute_from_command_line(sys.argv)\nos.environ["DJANGO_SETTINGS_MODULE"] = "c.d"',
        "a.b",
    ),
    "the order of calls, not of lines": (
        """
        import os
        def second(): os.environ.setdefault("DJANGO_SETTINGS_MODULE", "second")
        def first(): os.environ.setdefault("DJANGO_SETTINGS_MODULE", "first")
        first()
        second()
        """,
        "first",
    ),
    "what returns early": (
        """
        import os
        def main():
            return
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "never")
        main()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        """,
        "a.b",
    ),
    # values
    "module-level name": (one_line("NAME", 'NAME = "a.b"'), "a.b"),
    "annotated name": (one_line("NAME", 'NAME: str = "a.b"'), "a.b"),
    "local name": (
        """
        import os
        NAME = "wrong"
        def main():
            NAME = "a.b"
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", NAME)
        main()
        """,
        "a.b",
    ),
    "name bound after the function": (
        """
        import os
        def main():
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", NAME)
        NAME = "a.b"
        main()
        """,
        "a.b",
    ),
    "argument": (
        """
        import os
        def main(package, *, module="settings", other):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", package + "." + module)
        main("a", other=1)
        """,
        "a.settings",
    ),
    "default argument": (
        """
        import os
        def main(name="a.b"):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", name)
        main()
        """,
        "a.b",
    ),
    "returned": (
        """
        import os
        def which():
            return "a.b"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", which())
        """,
        "a.b",
    ),
    "unpacked": (one_line("b", 'a, b = "x", "a.b"'), "a.b"),
    "walrus": (one_line("(name := 'a.b')"), "a.b"),
    "implicit concatenation": (one_line('"a." "b"'), "a.b"),
    "sum": (one_line('PROJECT + ".settings." + "live"', 'PROJECT = "a"'), "a.settings.live"),
    "augmented": (one_line("NAME", 'NAME = "a"\nNAME += ".b"'), "a.b"),
    "f-string": (one_line('f"{PROJECT}.settings{2}"', 'PROJECT = "a"'), "a.settings2"),
    "percent": (one_line('"%s.%s" % ("a", "b")'), "a.b"),
    "format": (one_line('"{}.{x}".format("a", x="b")'), "a.b"),
    "join": (one_line('".".join(["a", "b"])'), "a.b"),
    "from a dict": (one_line('MODULES["live"]', 'MODULES = {"live": "a.b"}'), "a.b"),
    "the directory's name": (
        one_line("os.path.basename(os.path.dirname(os.path.abspath(__file__))) + '.settings'"),
        "somewhere.settings",
    ),
    # the environment
    "getenv, set": (one_line('"a." + os.getenv("STAGE", "dev")'), "a.live"),
    "getenv, not set": (one_line('"a." + os.getenv("MISSING", "dev")'), "a.dev"),
    "environ.get": (one_line('os.environ.get("MISSING", "a.b")'), "a.b"),
    "environ.get or": (one_line('os.environ.get("MISSING") or "a.b"'), "a.b"),
    "environ[]": (one_line("f\"a.{os.environ['STAGE']}\""), "a.live"),
    "what the file itself set": (
        one_line('"a." + os.environ["MISSING"]', 'os.environ.setdefault("MISSING", "x")'),
        "a.x",
    ),
    "itself": (one_line('os.environ.get("DJANGO_SETTINGS_MODULE", "a.b")'), "a.b"),
    "environ[], not set": (one_line('os.environ["MISSING"]'), None),
    # conditions
    "condition on the environment": (one_line('"a.live" if os.environ.get("STAGE") == "live" else "a.dev"'), "a.live"),
    "unknown condition": (one_line('"a.test" if special() else "a.b"'), "a.b"),
    "unknown condition, one branch known": (one_line('"a.test" if special() else compute()'), "a.test"),
    "tests": (
        """
        import os, sys
        if "test" in sys.argv:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.test")
        else:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        """,
        "a.b",
    ),
    "tests, without else": (
        one_line('"a.b"', 'if len(sys.argv) > 1 and sys.argv[1] == "test":\n    os.environ["X"] = "y"'),
        "a.b",
    ),
    "tests, by slice": (
        one_line('"a.test" if sys.argv[1:2] == ["test"] else "a.b"'),
        "a.b",
    ),
    "unknown if": (
        """
        import os
        if special():
            os.environ["DJANGO_SETTINGS_MODULE"] = "a.test"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        """,
        "a.b",
    ),
    "unknown if alone": (
        """
        import os
        if special():
            os.environ["DJANGO_SETTINGS_MODULE"] = "a.b"
        """,
        "a.b",
    ),
    "elif": (
        """
        import os
        stage = os.environ["STAGE"]
        if stage == "dev":
            name = "a.dev"
        elif stage in ("live", "prod") and not stage == "x":
            name = "a.live"
        else:
            name = "a.b"
        os.environ["DJANGO_SETTINGS_MODULE"] = name
        """,
        "a.live",
    ),
    "try": (
        """
        import os
        try:
            import local_settings
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "local_settings")
        except ImportError:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        """,
        "local_settings",
    ),
    "with, for, while, match": (
        """
        import os
        with open("x") as file:
            for line in file:
                os.environ["OTHER"] = line
            while True:
                break
        match os.name:
            case "posix":
                os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        """,
        "a.b",
    ),
    # beyond understanding
    "computed": (one_line("compute()"), None),
    "computed in part": (one_line('f"a.{compute()}"'), None),
    "computed and joined": (one_line('"a." + compute()'), None),
    "a number": (one_line("5"), None),
    "unhashable": (one_line('{[1]: 2}[[1]] or os.environ[[1]] or "a.b"'), "a.b"),
    "endless": (
        'import os\ndef f(): return f()\nf()\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")',
        "a.b",
    ),
    "called in a way not understood": (
        """
        import os
        def main(argv):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b")
        fire.Fire(main)
        """,
        "a.b",
    ),
    "a coding cookie": ('# -*- coding: latin-1 -*-\nimport os\nos.environ["DJANGO_SETTINGS_MODULE"] = "a.b"', "a.b"),
}


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "somewhere" / "manage.py"
    path.parent.mkdir()
    path.write_text(dedent(text).strip(), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("text", "settings"), FILES.values(), ids=FILES)
def test_settings_set_by(tmp_path: Path, text: str, settings: str | None) -> None:
    path = written(tmp_path, text)
    environ = {"STAGE": "live", "DJANGO_SETTINGS_MODULE": ""}
    if settings is None:
        with pytest.raises(UsageError, match=r"in a way that only running it would tell; give --settings$"):
            settings_set_by(path, environ)
    else:
        assert settings_set_by(path, environ) == settings


def test_what_startproject_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "django", "startproject", "fresh_2", str(tmp_path)], check=True)
    assert settings_set_by(str(tmp_path / "manage.py"), {}) == "fresh_2.settings"


@pytest.mark.parametrize(
    ("text", "line"), [("import os\nos.environ[", 2), ("print 'python 2'", 1), ("def f():\nreturn", 2)]
)
def test_a_file_that_does_not_parse(tmp_path: Path, text: str, line: int) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ProjectError) as caught:
        settings_set_by(path, {})
    assert str(caught.value).startswith(f"{path} line {line} does not parse: ")
    assert f'File "{path}", line {line}' in caught.value.traceback
    assert "\n" not in str(caught.value)


def test_a_file_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"does not parse: .*; correct it"):
        settings_set_by(written(tmp_path, "a = '\0'"), {})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        settings_set_by(str(tmp_path), {})
