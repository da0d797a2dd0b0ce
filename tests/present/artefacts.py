"""What a run folder may hold, made by hand: an audit, an external test, subgroups. Figures are made up."""

from typing import Any

CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")


def estimate(value: float | None, width: float = 0.02, n: int = 388) -> dict[str, Any]:
    """A figure with an interval of twice `width`; None: not estimable."""
    if value is None:
        return {"value": None, "low": None, "high": None, "n": n}
    return {"value": value, "low": value - width, "high": value + width, "n": n}


def make_audit(*, flagged: bool = True) -> dict[str, Any]:
    """An audit as `plainfilm audit` writes it."""
    copies = {"films": 40, "clusters": 18, "across_classes": 0, "across_splits": 0, "across_sources": 2}
    views = [("border", 0.9, 0.88), ("corners", 0.91, 0.89), ("thumbnail", 0.932, 0.93)]
    return {
        "format_version": 1,
        "films": 388,
        "classes": list(CLASSES),
        "sources": ["kermany", "elsewhere"],
        "index_sha256": "0" * 64,
        "leaks": {
            "exact": copies,
            "near": copies | {"films": 419, "clusters": 170},
            "clusters": [
                {
                    "kind": "near",
                    "classes": {"COVID": 5},
                    "image_ids": [f"{number:016x}" for number in range(5)],
                    "splits": ["train"],
                    "sources": ["elsewhere"],
                }
            ],
            "patients": {"known_films": 2686, "across_splits": 0, "patients_across_splits": 0},
            "conflicts": [{"image_ids": ["a" * 16, "b" * 16], "classes": ["NORMAL", "COVID"]}],
            "naive": {
                "split": "every tenth film",
                "leaking_films": estimate(0.285, 0.04, 389),
                "readers": {
                    "nearest": {
                        "naive": estimate(0.951, n=389),
                        "clean": estimate(0.932),
                        "difference": estimate(0.019),
                    }
                },
            },
        },
        "shortcuts": {
            "method": {"split": "test", "films": 388, "groups": 313, "cheap": False},
            "chance": estimate(0.345, 0.05),
            "model": estimate(0.979, 0.015),
            "views": [
                {
                    "name": name,
                    "accuracy": estimate(accuracy),
                    "share": estimate(share, 0.04),
                    "flagged": flagged,
                    "lungless": name != "thumbnail",
                }
                for name, accuracy, share in views
            ],
            "source": {"accuracy": estimate(0.99, 0.009)},
            "permutation": {
                "view": "corners",
                "n": 200,
                "p": 0.005,
                "accuracy": estimate(0.91),
                "highest": 0.41,
            },
            "sources": [
                {
                    "class": "NORMAL",
                    "left_out": "kermany",
                    "lost": ["Viral_Pneumonia"],
                    "sensitivity": estimate(0.41, 0.06, 1340),
                    "usual": estimate(0.91, 0.06, 1340),
                }
            ],
            "not_estimable": [
                {"question": "source-left-out", "reason": "one-source", "class": "COVID", "source": "elsewhere"}
            ],
            "verdict": {
                "code": "untrusted" if flagged else "clear",
                "view": "corners",
                "share": estimate(0.89, 0.04),
                "accuracy": estimate(0.91),
            },
        },
    }


def make_external() -> dict[str, Any]:
    """The metrics.json of an external test."""
    return {
        "confusion": {"classes": list(CLASSES), "counts": [[1, 0, 12], [0, 1, 37], [3, 2, 191]]},
        "accuracy": estimate(0.777, 0.08, 247),
        "balanced_accuracy": estimate(0.327, 0.05, 247),
        "log_loss": estimate(1.2, 0.2, 247),
        "seen": {
            **{"listed": True, "films": 250, "exact": 1, "near": 2, "related": 0},
            "model": {"films": 2994, "train": 2606, "validation": 388, "fingerprints": True, "base_known": True},
        },
        "fall": {
            "leaking": False,
            "accuracy": {
                "internal": estimate(0.977, 0.02),
                "external": estimate(0.777, 0.08, 247),
                "difference": estimate(0.2, 0.08, 635),
            },
            "balanced_accuracy": {
                "internal": estimate(0.977, 0.02),
                "external": estimate(0.327, 0.05, 247),
                "difference": estimate(0.65, 0.06, 635),
            },
        },
        "classes": {
            "NORMAL": {"sensitivity": estimate(0.02, 0.02, 20), "specificity": estimate(0.98, 0.02, 227)},
            "COVID": {"sensitivity": estimate(0.95, 0.03, 190), "specificity": estimate(0.1, 0.05, 57)},
        },
    }


def make_subgroups() -> dict[str, Any]:
    """Subgroups of an evaluation: one with figures, one with too few films."""
    women = {"accuracy": estimate(0.97, n=120), "classes": {"COVID": {"sensitivity": estimate(0.96, n=60)}}}
    return {
        "sex": {"F": {"n": 120, "too_few": False, **women}, "M": {"n": 12, "too_few": True}},
        "source": {"kermany": {"n": 20, "too_few": True}},
    }
