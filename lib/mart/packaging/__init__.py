"""What runs elsewhere, made of a clone: a folder for each target, with packages for its Python and its processor.

In: a clone with its .venv and jars. Out: dist/TARGET/ with a manifest.json; the same clone makes the same bytes.
"""


class PackageError(RuntimeError):
    """Nothing can be made of this clone; the message says what to do."""
