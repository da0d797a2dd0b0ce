"""The rows of the table of faults, in its order."""

from faults import injection, patient_tokens
from faults.row import Row

ROWS: tuple[Row, ...] = (patient_tokens.ROW, injection.ROW)
