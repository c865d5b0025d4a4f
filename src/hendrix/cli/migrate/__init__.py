"""Configurations of other servers, read into options of ours: one file for each kind."""
