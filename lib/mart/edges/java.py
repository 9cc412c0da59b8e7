"""The line to Java behind Spark: how it is closed before Java is killed."""

import threading

from py4j.clientserver import SHUTDOWN_FINALIZER_WORKER, FinalizerWorker  # type: ignore[import-untyped]


def hang_up(seconds: float = 5) -> None:
    """Let py4j end what it is saying to Java; call it before Java is killed, and use Spark no more.

    A thread of py4j's own tells Java which of its objects Python has dropped, thousands after a long run. Where Java is
    killed in the middle of that, py4j logs a trace on stderr. The thread takes its next task from the deque's right end.
    """
    for thread in threading.enumerate():
        if isinstance(thread, FinalizerWorker):
            thread.deque.append(SHUTDOWN_FINALIZER_WORKER)
            thread.join(seconds)
