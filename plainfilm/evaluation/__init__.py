"""Figures that can be defended: metrics, intervals, evaluations."""
