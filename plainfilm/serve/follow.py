"""Placeholder."""


def follow(run, after=0):
    return {}
