"""``python -m hendrix`` is ``hx``."""

import sys

from hendrix.cli.main import main

sys.exit(main())
