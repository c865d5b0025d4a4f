#!/bin/sh
# @mark@
# Pack the project, for the formula to bring it to the machines: before each state.apply.
cd "$(dirname "$0")"
exec python3 pack.py @source@ states/@slug@/files/project.tar.gz @left@
