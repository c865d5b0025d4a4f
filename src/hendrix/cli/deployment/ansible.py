"""For Ansible: a playbook, and a role that makes the project the service that ``hx service`` would make of it."""

from __future__ import annotations

from collections.abc import Iterable

from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered, template, yaml_text
from hendrix.cli.deployment.service_units import unit_names, units
from hendrix.cli.units.placing import MARK

_SCRIPTS = ("pack.py", "unpack.py", "as_user.py")


def render(plan: Plan) -> list[Rendered]:
    """Beside each other: what belongs to the user, the playbook, and the role below ``roles``."""
    words = _words(plan)
    role = f"roles/{plan.slug}"
    top = [Rendered(name, template(f"ansible/{name}", **words)) for name in ("playbook.yml", "ansible.cfg")]
    own = [
        Rendered("inventory.ini", template("ansible/inventory.ini", **words), yours=True),
        Rendered("environment.yml", template("ansible/environment.yml", **words), mode=0o600, yours=True),
        Rendered(".gitignore", template("ansible/gitignore", **words)),
    ]
    parts = [
        Rendered(f"{role}/{part}/main.yml", template(f"ansible/role/{part}.yml", **words))
        for part in ("defaults", "vars", "tasks", "handlers", "meta")
    ]
    scripts = [Rendered(f"{role}/files/{name}", template(f"project/{name}")) for name in _SCRIPTS]
    variables = Rendered(f"{role}/templates/environment.j2", template("ansible/role/environment.j2", **words))
    return [*top, *own, *parts, *scripts, variables, *units(plan, f"{role}/files")]


def _words(plan: Plan) -> dict[str, str]:
    service = plan.service
    return {
        "mark": f"Rendered by hx deploy ansible {plan.mark}.",
        "made": MARK,
        "name": service.name,
        "slug": plan.slug,
        "name_text": text(service.name),
        "project": text(service.project_path),
        "virtualenv": text(service.virtualenv),
        "user": text(service.user),
        "group": text(service.group),
        "writable": _texts(service.writable),
        "words": _texts(service.words()[2:]),
        "django": f"{{DJANGO_SETTINGS_MODULE: {text(plan.settings)}}}" if plan.settings else "{}",
        "source": text(plan.way) if plan.way.startswith("/") else f'"{{{{ playbook_dir }}}}/{text(plan.way)[1:-1]}"',
        "left": _texts(plan.left),
        "hendrix": text(plan.hendrix),
        "requirements": plan.more_for_pip,
        "runtime": text(f"/run/{service.folder}"),
        "units": _texts(unit_names(plan)),
        "environment": "".join(f"\n  {name}: {text(value)}" for name, value in service.variables.items()) or " {}",
    }


def text(value: str) -> str:
    """As YAML; Ansible is not to take braces in it for a template of its own."""
    return ("!unsafe " if "{" in value else "") + yaml_text(value)


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(text(value) for value in values)}]"
