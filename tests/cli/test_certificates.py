"""The page of certificates."""

from hendrix.cli.certificates import page, rows

NOW = 1_000_000.0
DAY = 86400.0


def shown(facts):
    return "\n".join(page(rows(facts, NOW), NOW))


def own(**more):
    row = {
        "name": "shop.example",
        "state": "valid",
        "issuer": "R11",
        "expires": NOW + 90 * DAY,
        "next_renewal": NOW + 60 * DAY,
        "ours": True,
    }
    return {"renewals": [{**row, **more}]}


def served(**more):
    row = {"names": ["old.example", "www.old.example"], "issuer": "CA", "not_after": NOW + DAY, "path": "/c.pem"}
    return {"certificates": [{**row, **more}]}


def test_one_that_is_good():
    assert shown(own()).splitlines() == [
        "NAME                           STATE       EXPIRES RENEWAL ISSUER",
        "shop.example                   valid           90d     60d R11",
    ]


def test_one_that_is_waited_for():
    facts = own(state="placeholder", busy=True, next_renewal=0.0)
    assert shown(facts).splitlines()[1] == "shop.example                   asked for         -     now -"
    facts = own(state="placeholder", failures=3, error="the zone\nis \x1b[1mlocked", error_at=NOW - 57)
    _, line, *more = shown(facts).splitlines()
    assert line.split() == ["shop.example", "placeholder", "-", "60d", "-"]
    assert more[0].startswith("  failed 3 times, 57s ago: the zone") and "\x1b" not in "".join(more)


def test_one_that_another_server_renews():
    assert "  another server on this machine renews it" in shown(own(ours=False))


def test_one_that_has_expired():
    assert shown(own(state="expired", expires=NOW - 1, next_renewal=NOW + 90)).splitlines()[1].split() == [
        "shop.example",
        "expired",
        "over",
        "1m",
        "30s",
        "R11",
    ]


def test_others_are_renewed_by_hand():
    assert shown(served()).splitlines()[1:] == [
        "old.example                    valid            1d by hand CA",
        "  also www.old.example",
    ]
    assert rows(served(not_after=NOW), NOW)[0].state == "expired"


def test_each_is_shown_once():
    both = {**own(), **served(names=["shop.example"])}
    assert [row.names for row in rows(both, NOW)] == [("shop.example",)]


def test_no_line_is_too_long():
    facts = own(name="a" * 200 + ".example", issuer="I" * 200, error="x " * 500, failures=1)
    assert max(len(line) for line in shown(facts).splitlines()) <= 80


def test_a_server_of_another_version():
    assert rows({}, NOW) == []
    assert len(rows({"renewals": [{}], "certificates": [{}]}, NOW)) == 2
