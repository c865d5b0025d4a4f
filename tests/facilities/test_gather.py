"""What settings name to run beside the site."""

from types import SimpleNamespace

import pytest
from twisted.application.service import MultiService, Service

from hendrix.core.errors import ProjectError
from hendrix.facilities.gather import get_additional_services
from hendrix.facilities.services import get_service


def gathered(*services):
    return get_additional_services(SimpleNamespace(HENDRIX_SERVICES=services))


def test_by_path_class_factory_and_instance() -> None:
    instance = Service()
    found = gathered(
        ("a", "twisted.application.service.Service"), ("b", MultiService), lambda: instance, ("d", MultiService())
    )
    assert [name for name, _ in found] == ["a", "b", "", "d"]
    assert [type(service) for _, service in found] == [Service, MultiService, Service, MultiService]
    assert [service.name for _, service in found] == ["a", "b", None, "d"]
    assert found[2][1] is instance


def test_none() -> None:
    assert get_additional_services(SimpleNamespace()) == []


@pytest.mark.parametrize("thing", ["no.where.Service", 7, lambda: 7, "twisted.application.service.IService"])
def test_what_is_no_service(thing) -> None:
    with pytest.raises(ProjectError, match="HENDRIX_SERVICES"):
        gathered(("a", thing))


def test_in_a_process_that_runs_none() -> None:
    with pytest.raises(LookupError, match="no services run in this process"):
        get_service("a")
