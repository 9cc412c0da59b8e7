"""Trials of a search for hyper-parameters, in MLflow: a search is a run, each trial a run nested in it.

A trial counts once it has ended. One that was killed did not, so the next search of the same name makes it again and no other.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mart.edges.tracking import MlflowClient, connect, experiment
from mart.settings import Settings

SEARCH, TRIAL, PARENT = "mart.search", "mart.trial", "mlflow.parentRunId"
MOST = 10_000  # trials of one search that are read back


@dataclass(frozen=True)
class Search:
    """A search that is under way, or is taken up again."""

    client: MlflowClient
    experiment_id: str
    name: str
    run_id: str

    def done(self) -> dict[str, float]:
        """Give the trials that have ended: their keys and scores."""
        ended = f"tags.`{PARENT}` = '{self.run_id}' and attributes.status = 'FINISHED'"
        runs = self.client.search_runs([self.experiment_id], ended, max_results=MOST)
        return {run.data.tags[TRIAL]: run.data.metrics["score"] for run in runs}

    def keep(self, key: str, params: Mapping[str, object], score: float, seconds: float) -> None:
        """Record a trial that has ended. `key` says what was tried, in full."""
        began = int((time.time() - seconds) * 1000)
        tags = {PARENT: self.run_id, TRIAL: key, "mlflow.source.name": "mart evaluate"}
        run_id = self.client.create_run(self.experiment_id, began, tags, run_name=f"trial {score:.4f}").info.run_id
        for name, value in params.items():
            self.client.log_param(run_id, name, value)
        self.client.log_metric(run_id, "score", score)
        self.client.log_metric(run_id, "seconds", seconds)
        self.client.set_terminated(run_id)

    def end(self, params: Mapping[str, object], score: float) -> None:
        """Write the best trial to the search's own run; as tags, which a search that is made again may write again."""
        for name, value in params.items():
            self.client.set_tag(self.run_id, f"best.{name}", value)
        self.client.log_metric(self.run_id, "score", score)
        self.client.set_terminated(self.run_id)


def search(settings: Settings, name: str, tags: Mapping[str, str]) -> Search:
    """Take up the search of this name, or begin it. The name says data, split and space: another of them is another search."""
    client = connect(settings)
    where = experiment(client, settings)
    found = client.search_runs([where], f"tags.`{SEARCH}` = '{name}'", max_results=1)
    if found:
        return Search(client, where, name, found[0].info.run_id)
    made = client.create_run(where, tags={SEARCH: name, **tags}, run_name=f"search {name[:8]}")
    return Search(client, where, name, made.info.run_id)
