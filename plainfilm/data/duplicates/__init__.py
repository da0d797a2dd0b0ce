"""Which films are one exposure."""
