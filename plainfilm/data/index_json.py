"""An index for JSON: its films, its balance, its split, whose the films are, what is wrong with them."""

from collections import Counter

from plainfilm.data.film_index import Index
from plainfilm.data.sources.balance import in_words
from plainfilm.data.splits.groups import PLACEHOLDER, holdings
from plainfilm.data.splits.shares import asked, given_split, misses, reached


def index_as_dict(index: Index, language: str) -> dict[str, object]:
    """Counts by class, source and part, and the problems by path; sentences in a language."""
    return {
        "classes": list(index.classes),
        "films": [
            {"class": label, "source": source, "part": part or None, "count": count}
            for (label, source, part), count in sorted(
                Counter((name, row.source, row.split) for row in index.rows for name in index.counted(row)).items()
            )
        ],
        "balance": in_words(index.balance, language),
        "groups": len({row.group for row in index.rows if row.group}),
        "straddling_groups": len(index.straddling()),
        "split": split_as_dict(index),
        "patients": patients_as_dict(index),
        "problems": {row.path: list(row.problems) for row in index.rows if row.problems},
        "data_sha256": index.data_checksum,
        "split_sha256": index.split_checksum,
    }


def split_as_dict(index: Index) -> dict[str, object]:
    """The split: its method, the shares asked, the films reached by class and part, the set's own split."""
    own = given_split(index.rows)
    return {
        "method": index.method,
        "asked": asked(index),
        "reached": reached(index),
        "missed": [{"class": miss.label, "part": miss.part} for miss in misses(index)],
        "own": None
        if own is None
        else {"films": own.counts, "without": own.without, "unknown": list(own.unknown), "straddling_groups": own.torn},
    }


def patients_as_dict(index: Index) -> dict[str, object]:
    """Whose the films are: how many have an entry that names nobody, and who has much of a class."""
    return {
        "nobody": sum(PLACEHOLDER in row.problems for row in index.rows),
        "much": [
            {"class": one.label, "films": one.films, "of": one.total, "example": one.example}
            for one in holdings(index.rows, index.counted)
        ],
    }
