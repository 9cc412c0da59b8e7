"""What every entry point shares: arguments, settings, a Spark session, and waiting for streams.

In: `main(spark, settings, options)` of a job file. Out: its tables, and an exit code: 0, 1 (it failed), 2 (wrong usage).
"""

import argparse
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Protocol

from pyspark.errors import IllegalArgumentException
from pyspark.sql import SparkSession

from mart.edges import storage
from mart.faults import ours
from mart.reporting import Progress, Reporter
from mart.settings import ROOT, Settings, SettingsError

GLUE = "--JOB_NAME"  # AWS Glue says this to its scripts, among much else

# SPARK_SUBMIT_OPTS for runs of a few minutes: Java's second compiler pays off later and takes two fifths of the processor
# until then. Without it Java keeps room for 48 MB of code, which Spark overfills.
SHORT_RUN = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"


@dataclass(frozen=True)
class Options:
    """What a run is asked for; everything that lasts is in the settings."""

    available_now: bool = False  # take what is there, then end
    full: bool = False  # from nothing instead of from the last run


class Running(Protocol):
    """A stream at work."""

    def wait(self, seconds: float) -> bool:
        """Wait for its end; True when it has ended. Raises what made it fail."""

    def stop(self) -> None:
        """Finish the micro-batch, then end."""

    def progress(self) -> Progress:
        """Give figures of each query's last micro-batch."""


Main = Callable[[SparkSession, Settings, Options], Running | None]


def names() -> list[str]:
    """List the jobs of Spark as `mart run` names them: layer/name. What AWS Lambda calls is none."""
    files = (ROOT / "jobs").glob("*/*.py")
    return sorted(f"{file.parent.name}/{file.stem}" for file in files if not file.stem.endswith("_lambda"))


def called(file: Path) -> str:
    """Name a job by its file, which a cluster puts into any folder; by its stem where there are no jobs."""
    return next((name for name in names() if name.endswith(f"/{file.stem}")), file.stem)


def load(name: str) -> Main:
    """Load a job file's `main`. Raises KeyError for a name that is no job."""
    if name not in names():
        raise KeyError(name)
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), ROOT / "jobs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main: Main = module.main
    return main


def session(settings: Settings, name: str) -> SparkSession:
    """Start Spark. Where no SPARK_CONF_DIR says otherwise, the one that `make env` made is used."""
    conf = ROOT / ".spark-conf"
    if conf.exists():
        os.environ.setdefault("SPARK_CONF_DIR", str(conf))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ["TZ"] = "UTC"  # collected instants follow the process, not Spark's session
    time.tzset()
    with _stdout_is_ours():
        # Parquet's old form of a timestamp has no bounds in the footer, and Delta takes no file by its times then.
        builder = SparkSession.builder.config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        spark = builder.appName(f"mart {name}").getOrCreate()
    reach(spark, settings)
    spark.sparkContext.setLogLevel("FATAL")  # what fails is raised here, once, not logged by every layer it passes
    spark.sparkContext.setCheckpointDir(f"{settings.checkpoints}/rdd")
    return spark


def reach(spark: SparkSession, settings: Settings) -> None:
    """Tell a session where the lake is; it need not have been started for this one. Raises SettingsError where it can't get there."""
    for name, value in storage.hadoop(settings).items():
        spark.sparkContext._jsc.hadoopConfiguration().set(name, value)
    try:
        for name, value in storage.spark(settings).items():
            spark.conf.set(name, value)
    except IllegalArgumentException:  # it names classes that come with the jars
        raise SettingsError(f"{settings.lake}: this Spark can't reach S3; run `make jars-s3`") from None


@contextmanager
def _stdout_is_ours() -> Iterator[None]:
    """Java, started inside, prints on stderr: what it says, as Delta does of each VACUUM, is no result of a command."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def run_all(jobs: Sequence[tuple[str, Main]], settings: Settings, options: Options) -> int:
    """Run jobs in one Spark application, in order, and return the exit code.

    A stream goes on beside what follows, unless it only takes what is there. SIGTERM and SIGINT let every micro-batch
    finish, then end. An error that we raise ourselves is told in its own words; anything else is a defect, and keeps its trace.
    """
    try:
        _run_all(jobs, settings, options)
    except Exception as error:
        if not ours(error):
            raise
        say(f"error: {error}")
        return 1
    return 0


def _run_all(jobs: Sequence[tuple[str, Main]], settings: Settings, options: Options) -> None:
    stopping, reporter = Event(), Reporter(settings)
    with _asked_to(stopping):
        spark = session(settings, " ".join(name for name, _ in jobs))
    try:
        with reporter.pulsing():
            running: list[Running] = []
            for name, main in jobs:
                if stopping.is_set():
                    break
                stream = _begin(name, partial(main, spark, settings, options), reporter)
                if stream is None:
                    continue
                running.append(stream)
                if options.available_now:
                    _wait([stream], stopping)
            _wait(running, stopping)
    finally:
        spark.stop()


def _begin(name: str, start: Callable[[], Running | None], reporter: Reporter) -> Running | None:
    """Start a job and report on it: it has ended where it is no stream."""
    reporter.begin(name)
    with reporter.failing(name):
        stream = start()
    if stream is None:
        reporter.end(name)
        return None
    reporter.follow(name, stream.progress)
    return _Reported(name, stream, reporter)


@dataclass(frozen=True)
class _Reported:
    """A stream whose end is reported, whichever it is."""

    name: str
    stream: Running
    reporter: Reporter

    def wait(self, seconds: float) -> bool:
        with self.reporter.failing(self.name):
            ended = self.stream.wait(seconds)
        if ended:
            self.reporter.end(self.name)
        return ended

    def stop(self) -> None:
        with self.reporter.failing(self.name):
            self.stream.stop()
        self.reporter.end(self.name)

    def progress(self) -> Progress:
        return self.stream.progress()


@contextmanager
def _asked_to(stop: Event) -> Iterator[None]:
    """From now on a SIGTERM or SIGINT only sets `stop`, and Java, started inside, takes no notice of it.

    Java leaves a signal alone that is ignored when it starts, so a signal to the whole process group, as Ctrl-C and most
    supervisors send, lets the micro-batch finish too. One that comes meanwhile is held back, not lost.
    """
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    for number in signals:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number in signals:
            signal.signal(number, lambda *_: stop.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _wait(running: Sequence[Running], stopping: Event) -> None:
    """Wait until all have ended, one has failed, or we are asked to stop."""
    left = list(running)
    while left and not stopping.is_set():
        left = [stream for stream in left if not stream.wait(0.5 / len(left))]
    for stream in left:
        stream.stop()


def say(what: str) -> None:
    """Tell a person how a job goes on; results belong into tables."""
    print(what, file=sys.stderr, flush=True)


def run(main: Main) -> None:
    """Be the command line of a job file: `--settings FILE --home DIR --available-now --full`."""
    file = Path(sys.argv[0])
    parser = parser_of(file.name)
    given = arguments(parser, sys.argv[1:])
    try:
        settings = Settings.read(given.settings, given.home)
    except SettingsError as error:
        parser.error(str(error))
    if code := run_all([(called(file), main)], settings, Options(given.available_now, given.full)):
        sys.exit(code)  # a script that ends well just ends: what runs it may take any SystemExit for a failure


def arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Read a job's arguments. What AWS Glue says besides is none of ours; from anybody else it is a mistake."""
    given, others = parser.parse_known_args(words)
    if others and GLUE not in words:
        parser.error(f"no such arguments: {' '.join(others)}")
    return given


def parser_of(name: str) -> argparse.ArgumentParser:
    """Describe a job's arguments."""
    parser = argparse.ArgumentParser(prog=name, description=sys.modules["__main__"].__doc__)
    parser.add_argument("--settings", metavar="FILE", help="settings, e.g. conf/local.toml or s3://BUCKET/KEY")
    parser.add_argument("--home", type=Path, metavar="DIR", help="home folder, overrides the settings")
    parser.add_argument("--available-now", action="store_true", help="take what is there, then end")
    parser.add_argument("--full", action="store_true", help="compute from nothing instead of from the last run")
    return parser
