"""For Salt: a formula that makes the project the service that ``hx service`` would make of it, and its pillar."""

from __future__ import annotations

import json
import shlex

from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered, template, yaml_text
from hendrix.cli.deployment.service_units import unit_names, units
from hendrix.cli.units.placing import MARK


def render(plan: Plan) -> list[Rendered]:
    """``states`` and ``pillar``, as the trees of a master, and what packs the project for them."""
    words = _words(plan)
    formula = f"states/{plan.slug}"
    return [
        Rendered("states/top.sls", template("salt/top.sls", **words), yours=True),
        Rendered("pillar/top.sls", template("salt/top.sls", **words), yours=True),
        Rendered(f"pillar/{plan.slug}.sls", template("salt/pillar.sls", **words), mode=0o600, yours=True),
        Rendered(".gitignore", template("salt/gitignore", **words)),
        Rendered("pack", template("salt/pack.sh", **words), mode=0o755),
        Rendered("pack.py", template("project/pack.py")),
        Rendered(f"{formula}/init.sls", template("salt/init.sls", **words)),
        Rendered(f"{formula}/defaults.yaml", template("salt/defaults.yaml", **words)),
        Rendered(f"{formula}/files/environment.j2", template("salt/environment.j2", **words)),
        Rendered(f"{formula}/files/unpack.py", template("project/unpack.py")),
        *units(plan, f"{formula}/files"),
    ]


def _words(plan: Plan) -> dict[str, str]:
    service = plan.service
    variables = "".join(f"\n    {name}: {yaml_text(value)}" for name, value in service.variables.items())
    return {
        "mark": f"Rendered by hx deploy salt {plan.mark}.",
        "made": MARK,
        "name": service.name,
        "slug": plan.slug,
        "name_text": yaml_text(service.name),
        "project": yaml_text(service.project_path),
        "virtualenv": yaml_text(service.virtualenv),
        "user": yaml_text(service.user),
        "group": yaml_text(service.group),
        "writable": json.dumps(service.writable),
        "words": json.dumps(service.words()[2:]),
        "django": json.dumps({"DJANGO_SETTINGS_MODULE": plan.settings} if plan.settings else {}),
        "source": shlex.quote(plan.way),
        "left": shlex.join(plan.left),
        "hendrix": yaml_text(plan.hendrix),
        "requirements": plan.more_for_pip,
        "runtime": yaml_text(f"/run/{service.folder}"),
        "units": json.dumps(unit_names(plan)),
        "environment": variables or " {}",
    }
