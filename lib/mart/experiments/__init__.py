"""Experiments on recommendations: who sees which variant, two lists in one, and what came of it."""

from mart.experiments.assignment import Assignment, ExperimentError, assign, check
from mart.experiments.interleave import interleave

__all__ = ["Assignment", "ExperimentError", "assign", "check", "interleave"]
