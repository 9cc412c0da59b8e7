"""Plan, make, show and remove an environment's stacks, one after another.

In: an `Environment`, an account's CloudFormation. Out: a `Step` a stack. What an earlier stack gives is what a later
one is told; a stack that stands is asked, so one can be deployed without the others, and a run that was interrupted
goes on.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from mart.deploying.environment import BadEnvironment, Environment
from mart.deploying.templates import KEPT, ORDER, Template
from mart.edges.cloudformation import Change, CloudFormation, Found, Wanted
from mart.edges.remains import Remains

Brokers = Callable[[str], str]  # of a cluster's ARN
LATER = "(known when the stacks before it stand)"


class NotReady(RuntimeError):
    """A stack that lacks an earlier one; the message says which."""


@dataclass(frozen=True)
class Step:
    """What would become, has become, or is of one stack."""

    stack: str
    what: str  # created, updated, unchanged, removed, kept; of `status` the stack's state, or absent
    parameters: dict[str, tuple[str | None, str]] = field(default_factory=dict)  # before and after, where they differ
    changes: tuple[Change, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)


def check(environment: Environment, templates: Sequence[Template]) -> None:
    """Refuse a parameter that no template has. Raises BadEnvironment."""
    there = {name for template in templates for name in template.parameters}
    given = {name for template in templates for name in template.outputs}
    if strange := sorted(environment.parameters.keys() - there | environment.parameters.keys() & {"Name"}):
        names = ", ".join(sorted(there - given - {"Name"}))
        raise BadEnvironment(f"[parameters] {', '.join(strange)}: no template asks for that; there are {names}")


def fill(environment: Environment, template: Template, known: dict[str, str]) -> dict[str, str]:
    """Give a template's parameters their values: the environment's, else an earlier stack's, else the default."""
    values = template.defaults | {"Name": environment.name} | known | environment.texts()
    return {name: value for name, value in values.items() if name in template.parameters}


def given(there: Found | None, brokers: Brokers) -> dict[str, str]:
    """Say what a stack tells later ones: its outputs, and its brokers, which CloudFormation does not know."""
    outputs = dict(there.outputs) if there else {}
    if "KafkaCluster" in outputs:
        outputs["KafkaBrokers"] = brokers(outputs["KafkaCluster"])
    return outputs


def plan(
    environment: Environment, templates: Sequence[Template], cloud: CloudFormation, brokers: Brokers,
    names: Collection[str] = ORDER,
) -> Iterator[Step]:  # fmt: skip
    """Say what `up` would do; nothing is changed. Raises AwsError."""
    for template, there, values in _each(environment, templates, cloud, brokers, names):
        missing = dict.fromkeys(template.required - values.keys(), LATER)
        changes: list[Change] | None = template.additions(values | missing)
        if there is not None and not missing:
            changes = cloud.preview(_wanted(environment, template, values))
        what = "created" if there is None else "unchanged" if changes is None else "updated"
        yield Step(template.name, what, _differing(there, values | missing), tuple(changes or ()))


def up(
    environment: Environment, templates: Sequence[Template], cloud: CloudFormation, brokers: Brokers,
    names: Collection[str] = ORDER,
) -> Iterator[Step]:  # fmt: skip
    """Bring stacks to what is wanted. Raises NotReady, and AwsError with what failed; what stands by then stands."""
    for template, there, values in _each(environment, templates, cloud, brokers, names):
        if missing := sorted(template.required - values.keys()):
            raise NotReady(f"{template.name} lacks {', '.join(missing)}: deploy the stacks before it first")
        what = cloud.settle(_wanted(environment, template, values))
        yield Step(template.name, what, _differing(there, values))


def status(environment: Environment, cloud: CloudFormation) -> Iterator[Step]:
    """Say how each stack is, and what it gives."""
    for name in ORDER:
        there = cloud.find(environment.stack(name))
        yield Step(name, there.state if there else "absent", outputs=there.outputs if there else {})


def data(environment: Environment, cloud: CloudFormation, remains: Remains) -> list[str]:
    """Count what the stacks that hold data hold, a sentence each. Raises AwsError."""
    return [told for name in _standing(environment, cloud, KEPT) for told in _counts(cloud, remains, name)]


def down(environment: Environment, cloud: CloudFormation, remains: Remains, with_data: bool = False) -> Iterator[Step]:
    """Remove the stacks, the last first. Those with data stay, unless asked for: then all that is in them goes too."""
    for name in reversed(ORDER):
        stack = environment.stack(name)
        if name not in KEPT:
            yield Step(name, cloud.remove(stack))
        elif with_data and cloud.find(stack):
            things = cloud.resources(stack).values()
            for kind, physical in things:
                remains.empty(kind, physical)
            yield Step(name, cloud.remove(stack))
            for kind, physical in things:
                remains.remove(kind, physical)  # AWS leaves what the template retains
        elif cloud.find(stack):
            yield Step(name, "kept")


def _each(
    environment: Environment, templates: Sequence[Template], cloud: CloudFormation, brokers: Brokers,
    names: Collection[str],
) -> Iterator[tuple[Template, Found | None, dict[str, str]]]:  # fmt: skip
    """Give a stack after another as it stands, with what it is told; it is asked what it gives when the next one's turn comes."""
    known: dict[str, str] = {}
    for template in templates:
        stack = environment.stack(template.name)
        if template.name in names:
            yield template, cloud.find(stack), fill(environment, template, known)
        known |= given(cloud.find(stack), brokers)


def _wanted(environment: Environment, template: Template, values: dict[str, str]) -> Wanted:
    return Wanted(environment.stack(template.name), template.body, values, environment.tags)


def _differing(there: Found | None, values: dict[str, str]) -> dict[str, tuple[str | None, str]]:
    before = there.parameters if there else {}
    return {name: (before.get(name), value) for name, value in values.items() if before.get(name) != value}


def _standing(environment: Environment, cloud: CloudFormation, names: Collection[str]) -> list[str]:
    return [environment.stack(name) for name in names if cloud.find(environment.stack(name))]


def _counts(cloud: CloudFormation, remains: Remains, stack: str) -> list[str]:
    told = (remains.count(kind, physical) for kind, physical in cloud.resources(stack).values())
    return [one for one in told if one]
