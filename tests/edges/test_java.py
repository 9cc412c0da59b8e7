"""Java can be killed without a word on stderr. A child process each: the tests' own Java is to live on."""

import subprocess
import sys
from pathlib import Path

import pytest

# Java is killed while py4j has thousands of dropped objects to tell it of, and is at it.
CHILD = """
import sys, threading, time
from pathlib import Path

import pytest
import psutil
from py4j.clientserver import FinalizerWorker
from pyspark.sql import functions as F
from mart import job
from mart.edges import java
from mart.settings import Settings

session = job.session(Settings.read(home=Path(sys.argv[1])), "child")
dropped = [F.lit(number) for number in range(20_000)]
session.stop()
(worker,) = [thread for thread in threading.enumerate() if isinstance(thread, FinalizerWorker)]
dropped.clear()
full = len(worker.deque)
while len(worker.deque) == full:
    time.sleep(0.001)
java.hang_up()
print("left", len(worker.deque) > 0, "at work", worker.is_alive())
for child in psutil.Process().children(recursive=True):
    child.kill()
time.sleep(1)
"""


@pytest.mark.soak
def test_py4j_falls_silent_at_once_and_says_nothing_of_a_java_that_is_killed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout == "left True at work False\n", done.stderr
    assert "Exception" not in done.stderr
