"""The server: films in, answers out, behind a guard."""
