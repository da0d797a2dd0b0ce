"""Who goes into which part: patients stay together."""
