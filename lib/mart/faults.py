"""Which errors are for people: what we raise ourselves says what to do; anything else is a defect, and keeps its trace."""

OURS = ("mart.", "scrapers.")


def ours(error: BaseException) -> bool:
    """Tell whether an error is one that we raise ourselves, by where its type is declared."""
    return type(error).__module__.startswith(OURS)
