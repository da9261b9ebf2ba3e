"""What holds for every test: it computes in one thread, for the suite keeps the cores busy; no example has a deadline.

Threads that outnumber the free cores wait for each other in loops, a hundred times as long as one would compute. The
libraries read these names when they are loaded, which is later; processes that tests start inherit them.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
