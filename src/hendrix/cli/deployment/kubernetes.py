"""For Kubernetes: manifests of a project whose image ``hx deploy docker`` describes.

A pod that is to end is taken out of its service at the same time as it hears of it, and the nodes hear of that later.
So it waits for them first (``preStop``); then it says 503 to probes, has those who keep connections go elsewhere
(``--drain-delay``), and finishes what is under way (``--graceful-timeout``).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from hendrix.cli.deployment.compose import dumped
from hendrix.cli.deployment.container import UID, Container
from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

#: Seconds until all nodes know that a pod leaves.
_HEARD = 5
#: Seconds that those who keep connections are sent elsewhere, where the configuration does not say.
_DRAIN = 5
_MB = 1 << 20
#: Of one worker, where the configuration names no limit.
_MEMORY = 256 * _MB
#: What is said of the whole in each file.
_HEAD = "# Rendered by hx deploy kubernetes {mark}: kubectl apply --kustomize .\n"
_CUSTOM = """\
# This file is yours: the image, how many pods there are, and what else belongs to it, such as an Ingress.
# kubectl apply --kustomize .
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
"""


def render(plan: Plan) -> list[Rendered]:
    """A manifest for each thing, and what joins them, which is the user's."""
    container = Container(plan)
    _refuse(container)
    variables = _variables(container)
    things: dict[str, Any] = {
        "configmap": _thing(plan, "v1", "ConfigMap", data=variables),
        "deployment": _deployment(container, variables),
        "service": _service(container),
        "poddisruptionbudget": _thing(
            plan,
            "policy/v1",
            "PodDisruptionBudget",
            spec={"maxUnavailable": 1, "selector": {"matchLabels": _label(plan)}},
        ),
    }
    claims = {f"persistentvolumeclaim-{name}": _claim(plan, name) for name in container.volumes if name != "state"}
    things |= claims
    head = _HEAD.format(mark=plan.mark)
    files = [Rendered(f"{name}.yaml", head + dumped(thing)) for name, thing in things.items()]
    files.append(Rendered("kustomization.yaml", _CUSTOM + dumped(_custom(container, list(things))), yours=True))
    if container.secrets:
        said = "".join(f"{name}={value}\n" for name, value in container.secrets.items())
        files.append(Rendered("secret.env", said, mode=0o600, yours=True))
    secret = ["secret.env"] * bool(container.secrets) + _file_names(container)
    if secret:
        files.append(Rendered(".gitignore", "".join(f"{name}\n" for name in secret)))
    return files


def _refuse(container: Container) -> None:
    for name in ("domain", "auto_https"):
        if container.plan.options.get(name):
            raise UsageError(
                f"{name} is not for Kubernetes, whose pods share no certificates; "
                "have its Ingress or Gateway speak HTTPS, or give key and cert"
            )


def _label(plan: Plan) -> dict[str, str]:
    return {"app.kubernetes.io/name": _name(plan)}


def _name(plan: Plan) -> str:
    """RFC 1035 section 2.3.1, as the names of services must be."""
    return "".join(sign if sign.isalnum() else "-" for sign in plan.service.name).strip("-")


def _thing(plan: Plan, version: str, kind: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": _name(plan), "labels": _label(plan)}, **parts}


# --- what the processes read --------------------------------------------------------------------------------------


def _variables(container: Container) -> dict[str, str]:
    """All options that have one value, by their variables."""
    said = {name: value for name, value in container.variables.items() if name != "PATH"}
    flags = {**container.flags, "drain_delay": float(_drain_delay(container))}
    for name, value in flags.items():
        if not OPTIONS[name].repeat:
            said[OPTIONS[name].environ] = OPTIONS[name].spelled(value)
    return said


def _arguments(container: Container) -> dict[str, list[str]]:
    """Those that may be given again: a comma in a value would divide it."""
    flags = container.flags.items()
    words = [f"{OPTIONS[name].flag}={item}" for name, value in flags if OPTIONS[name].repeat for item in value]
    # $(NAME) is a variable.
    return {"args": [word.replace("$(", "$$(") for word in words]} if words else {}


def _drain_delay(container: Container) -> int:
    return container.drain_delay or _DRAIN


# --- the pods -----------------------------------------------------------------------------------------------------


def _deployment(container: Container, variables: Mapping[str, str]) -> dict[str, Any]:
    plan = container.plan
    # Pods are made anew where what they read has changed.
    known = hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()[:16]
    pod = {
        "metadata": {"labels": _label(plan), "annotations": {"hendrix/configuration": known}},
        "spec": {
            # preStop, --drain-delay and --graceful-timeout, and some to spare.
            "terminationGracePeriodSeconds": _HEARD + _drain_delay(container) + container.leaving,
            "automountServiceAccountToken": False,
            # Variables such as SHOP_PORT, of each service in the namespace.
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": UID,
                "runAsGroup": UID,
                "fsGroup": UID,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": _label(plan)},
                }
            ],
            "containers": [_container(container)],
            "volumes": _volumes(container),
        },
    }
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": _label(plan)},
        # A new one serves before an old one leaves.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": pod,
    }
    return _thing(plan, "apps/v1", "Deployment", spec=spec)


def _container(container: Container) -> dict[str, Any]:
    plan = container.plan
    name = _name(plan)
    read: list[dict[str, Any]] = [{"configMapRef": {"name": name}}]
    if container.secrets:
        read.append({"secretRef": {"name": name}})
    return {
        "name": name,
        "image": name,
        "command": [plan.service.hx, "start"],
        **_arguments(container),
        "envFrom": read,
        "ports": [{"name": door.kind, "containerPort": door.inside} for door in _named(container)],
        **_probes(container),
        "lifecycle": {"preStop": {"exec": {"command": _pre_stop(plan)}}},
        "resources": _resources(container),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - its own
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - its own
            {"name": "runtime", "mountPath": container.runtime},
            *({"name": volume, "mountPath": path} for volume, path in container.volumes.items()),
            *map(_mount, range(len(container.files)), container.files, _file_names(container)),
        ],
    }


def _pre_stop(plan: Plan) -> list[str]:
    """Without a shell, which the image may not have."""
    return [f"{plan.service.virtualenv}/bin/python", "-c", f"import time; time.sleep({_HEARD})"]


def _probes(container: Container) -> dict[str, Any]:
    """Life is the port's being open and not ``/up``: that says no when a pod leaves, which is not to be killed for it.
    Workers that stand still are the parent's to replace."""
    first = container.doors[0].kind
    path = container.value("health_path")
    asked: dict[str, Any] = {"httpGet": {"path": path, "port": first, "scheme": first.upper()}}
    if container.health[0] == container.plan.service.hx:
        asked = {"exec": {"command": container.health}, "timeoutSeconds": 5}
    patience = int(container.value("start_timeout")) or 600
    return {
        "startupProbe": {**asked, "periodSeconds": 1, "failureThreshold": patience},
        "readinessProbe": {**asked, "periodSeconds": 2, "failureThreshold": 1},
        "livenessProbe": {"tcpSocket": {"port": first}, "periodSeconds": 10, "failureThreshold": 6},
    }


def _resources(container: Container) -> dict[str, Any]:
    """No limit for the processor: it would slow requests down while others are idle."""
    workers = max(1, int(container.value("workers"))) if str(container.value("workers")).isdigit() else 1
    asked = container.plan.service.memory or workers * _MEMORY + container.memory
    limit = container.plan.service.memory or 2 * asked
    return {
        "requests": {"cpu": f"{workers * 250}m", "memory": f"{-(-asked // _MB)}Mi"},
        "limits": {"memory": f"{-(-limit // _MB)}Mi"},
    }


def _volumes(container: Container) -> list[dict[str, Any]]:
    plan = container.plan
    shared = f"{container.memory // _MB}Mi"
    claims = [
        {"name": name, "persistentVolumeClaim": {"claimName": f"{_name(plan)}-{name}"}}
        for name in container.volumes
        if name != "state"
    ]
    files = [
        {"name": f"file-{number}", "secret": {"secretName": f"{_name(plan)}-files"}}
        for number, _path in enumerate(container.files)
    ]
    return [
        {"name": "tmp", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": shared}},
        {"name": "runtime", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
        {"name": "state", "emptyDir": {}},
        *claims,
        *files,
    ]


def _mount(number: int, path: str, name: str) -> dict[str, Any]:
    return {"name": f"file-{number}", "mountPath": path, "subPath": name, "readOnly": True}


def _file_names(container: Container) -> list[str]:
    """What they are called beside ``kustomization.yaml``: with their directory, or a number, where two are alike."""
    short = [os.path.basename(path) for path in container.files]
    names: list[str] = []
    for number, path in enumerate(container.files):
        folder = os.path.basename(os.path.dirname(path))
        name = short[number] if short.count(short[number]) == 1 else f"{folder}-{short[number]}"
        names.append(name if name not in names else f"{number}-{name}")
    return names


# --- what is around them ------------------------------------------------------------------------------------------


def _named(container: Container) -> list[Any]:
    """A door of each kind: names of ports are used once."""
    return list({door.kind: door for door in reversed(container.doors)}.values())[::-1]


def _service(container: Container) -> dict[str, Any]:
    plan = container.plan
    ports = [{"name": door.kind, "port": door.outside, "targetPort": door.kind} for door in _named(container)]
    return _thing(plan, "v1", "Service", spec={"selector": _label(plan), "ports": ports})


def _claim(plan: Plan, name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}
    claim = _thing(plan, "v1", "PersistentVolumeClaim", spec=spec)
    return {**claim, "metadata": {**claim["metadata"], "name": f"{_name(plan)}-{name}"}}


def _custom(container: Container, things: list[str]) -> dict[str, Any]:
    name = _name(container.plan)
    secrets = []
    if container.secrets:
        secrets.append({"name": name, "envs": ["secret.env"]})
    if container.files:
        secrets.append({"name": f"{name}-files", "files": _file_names(container)})
    return {
        "resources": [f"{thing}.yaml" for thing in things],
        "images": [{"name": name, "newName": f"registry.example.org/{name}", "newTag": "1"}],
        "replicas": [{"name": name, "count": 2}],
        **({"secretGenerator": secrets} if secrets else {}),
    }
