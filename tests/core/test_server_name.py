"""What the files of a server are called."""

from __future__ import annotations

import pytest

from hendrix.core.server_name import server_name


class TestName:
    @pytest.mark.parametrize(
        ("addresses", "settings", "name"),
        [
            (["127.0.0.1:8000"], "site.settings", "8000_site_settings"),
            (["[::1]:8001", "127.0.0.1:8002"], "settings", "8001_settings"),
            (["unix:/run/site.sock", "0.0.0.0:80"], "site.wsgi:application", "80_site_wsgi_application"),
            (["unix:/run/site.sock"], "site.settings", "site_sock_site_settings"),
            (["unix:@abstract/name"], "site.settings", "name_site_settings"),
            (["unix:@my site"], "site.settings", "_my_site_site_settings"),
            (["127.0.0.1:8000"], "", "8000_"),
            (["127.0.0.1:8000"], "café.settings", "8000_café_settings"),
            ([], "site.settings", "_site_settings"),
        ],
    )
    def test_of_a_server(self, addresses, settings, name):
        assert server_name(addresses, settings) == name

    def test_nothing_in_it_leads_elsewhere(self):
        name = server_name(["unix:/tmp/.."], "../../etc/passwd\n\0")
        assert set(name) & set("./\n\0") == set()

    def test_it_leaves_room_in_the_address_of_a_socket(self):
        name = server_name(["127.0.0.1:8000"], "a" * 500)
        assert name.startswith("8000_aaa")
        assert len(f"/run/user/1000000/hendrix/{name}.sock") <= 107
