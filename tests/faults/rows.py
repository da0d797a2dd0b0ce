"""The rows of the table of faults, in its order."""

from faults import bombs, damaged_films, hostile_models
from faults.row import Row

ROWS: tuple[Row, ...] = (hostile_models.ROW, damaged_films.ROW, bombs.ROW)
