"""English."""

NAME = "English"
TAG = "en"  # of HTML and HTTP, BCP 47
