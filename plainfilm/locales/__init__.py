"""Sentences: one folder a language."""
