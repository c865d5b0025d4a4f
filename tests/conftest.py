"""All servers of a test run keep their pid files and control sockets in a directory of the run's own."""

import atexit
import os
import shutil
import tempfile

# Short: the path of a unix socket has room for 107 bytes.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="hx-")
atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)
