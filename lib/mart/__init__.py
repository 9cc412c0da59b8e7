"""Product-Mart: a lambda-architecture platform for an online shop."""

__version__ = "0.1.0"
