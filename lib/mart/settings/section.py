"""What every group of settings is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of settings; an unknown key in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
