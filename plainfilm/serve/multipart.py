"""Placeholder."""


def read_films(content_type, body, *, max_films):
    return [body]
