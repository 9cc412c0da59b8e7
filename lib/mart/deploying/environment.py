"""One environment on AWS: its name, region, and the parameters of its stacks.

In: conf/aws-*.toml. Out: an `Environment`; an unknown key is an error. It names no account: that is whose credentials
are used.
"""

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError

from mart.settings import Section

Value = str | int | bool


class BadEnvironment(ValueError):
    """A file that describes no environment; the message says which key and why."""


class Environment(Section):
    """What differs between environments."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{1,19}$"
    )  # begins the names of buckets and balancers, which may have 32 letters
    region: str
    parameters: dict[str, Value] = Field(default_factory=dict)  # of all templates together, by their names there
    tags: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(
        default_factory=dict
    )  # of jobs, besides what the stacks say; as in conf/local.toml

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file. Raises BadEnvironment."""
        try:
            return cls(**tomllib.loads(file.read_text()))
        except FileNotFoundError:
            raise BadEnvironment(f"no file {file}: conf/aws-dev.toml shows what one says") from None
        except tomllib.TOMLDecodeError as error:
            raise BadEnvironment(f"{file}: {error}") from None
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadEnvironment(f"{file}: {faults}") from None

    def stack(self, template: str) -> str:
        """Name the stack of a template."""
        return f"{self.name}-{template}"

    def texts(self) -> dict[str, str]:
        """Spell parameters as CloudFormation takes them."""
        return {key: str(v).lower() if isinstance(v, bool) else str(v) for key, v in self.parameters.items()}
