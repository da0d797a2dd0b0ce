"""The table of faults: its rows, and the test that runs some trials of each."""
