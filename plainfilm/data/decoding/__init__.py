"""One film's file: its kind, its header, its pixels."""
