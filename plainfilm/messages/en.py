"""The English catalogue; `zh.py` holds the same keys with the same parameters."""

SENTENCES: dict[str, str] = {
    # one film
    "film-empty": "the file is empty; expected a PNG, JPEG or TIFF image",
}
