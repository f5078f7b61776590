"""What the programs of the tests do."""

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"

DEAF = "import signal; print('begun', flush=True); signal.pause()"

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun', flush=True)\nwhile True: signal.pause()"

STUBBORN_FAMILY = f"""
import subprocess, sys, os
command = [sys.executable, "-c", {STUBBORN!r}]
pipe = subprocess.PIPE
children = [subprocess.Popen(command, stdout=pipe, start_new_session=True), subprocess.Popen(command, stdout=pipe, env={{}})]
for child in children:
    child.stdout.readline()
print(os.getpid(), *(child.pid for child in children), flush=True)
{STUBBORN.replace("print('begun', flush=True)", "pass")}
"""
"""It, a child that left its group, and one that lost its environment: none ends by itself. It says their process ids."""
