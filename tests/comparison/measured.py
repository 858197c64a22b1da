"""Runs a command on one core and writes what it took.

    measured.py CORE RESULT COMMAND...

RESULT gets wall and core seconds and the peak resident memory, in MiB, of the largest process. This program is small
on purpose: a child begins with its parent's peak.
"""

import json
import os
import resource
import sys
import time

core, result, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
os.sched_setaffinity(0, {core})
begun = time.monotonic()
code = os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp(command[0], command, os.environ), 0)[1])
wall = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(result, "w") as file:
    json.dump({"wall_s": wall, "core_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}, file)
sys.exit(code)
