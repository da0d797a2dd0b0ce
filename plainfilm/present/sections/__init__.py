"""The sections of the report, each a function from what a run holds to blocks."""
