"""The Python API: each command as a function, with a result that shows itself."""
