"""A project on other machines: what its configuration says of that, and the files that other tools take it from."""
