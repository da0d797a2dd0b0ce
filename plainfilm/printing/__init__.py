"""How the results of the commands look on a terminal."""
