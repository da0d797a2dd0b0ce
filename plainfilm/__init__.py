"""plainfilm trains, audits, explains and serves chest-radiograph classifiers on an ordinary computer."""
