"""Readers of files that may be hostile: models and weights."""
