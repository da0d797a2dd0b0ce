"""The commands: what each takes, and how help and usage errors read in the language that was asked for."""
