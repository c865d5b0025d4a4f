"""The public tests of HTTP caches (cache-tests.fyi) against ours."""
