"""The templates in aws/: what each asks for, makes and gives, read without asking AWS.

In: aws/*.yaml. Out: a `Template` each, in the order in which their stacks are made. A parameter that an earlier
template gives as an output of the same name is filled by it: that is how stacks are joined, and all there is to it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mart.edges.cloudformation import Change

FOLDER = Path(__file__).parents[3] / "aws"
ORDER = (
    *("network", "storage", "streams", "access", "compute", "catalog"),
    *("containers", "functions", "schedules", "watch", "watch-alarms"),
)
KEPT = ("storage",)  # stacks that `down` leaves standing: they hold data


class NoTemplates(RuntimeError):
    """The templates are not there; the message says where they are looked for."""


@dataclass(frozen=True)
class Template:
    """One template."""

    name: str
    body: str
    document: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.document.get("Parameters", {}))

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return dict(self.document["Resources"])

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        return dict(self.document.get("Outputs", {}))

    @property
    def defaults(self) -> dict[str, str]:
        return {name: str(told["Default"]) for name, told in self.parameters.items() if "Default" in told}

    @property
    def required(self) -> set[str]:
        """Name the parameters that have no default."""
        return self.parameters.keys() - self.defaults.keys()

    def additions(self, values: dict[str, str]) -> list[Change]:
        """List what a new stack would hold with these parameters."""
        return [
            Change("Add", name, one["Type"])
            for name, one in self.resources.items()
            if "Condition" not in one or self._holds({"Condition": one["Condition"]}, values)
        ]

    def _holds(self, condition: dict[str, Any], values: dict[str, str]) -> bool:
        """Evaluate a condition, of those that our templates use."""
        ((function, given),) = condition.items()
        if function == "Condition":
            return self._holds(self.document["Conditions"][given], values)
        if function == "Fn::Not":
            return not self._holds(given[0], values)
        if function == "Fn::And":
            return all(self._holds(one, values) for one in given)
        left, right = (values[one["Ref"]] if isinstance(one, dict) else str(one) for one in given)
        return left == right


def read(name: str, folder: Path = FOLDER) -> Template:
    """Read a template. Raises NoTemplates."""
    try:
        body = (folder / f"{name}.yaml").read_text()
    except FileNotFoundError:
        raise NoTemplates(f"no {folder / name}.yaml: deploy from a clone, a wheel carries no templates") from None
    return Template(name, body, yaml.load(body, _Loader))


def read_all(folder: Path = FOLDER) -> list[Template]:
    """Read all templates, in order."""
    return [read(name, folder) for name in ORDER]


class _Loader(yaml.SafeLoader):
    """Reads YAML in which `!Ref x` is {"Ref": x} and `!Sub x` is {"Fn::Sub": x}."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)
