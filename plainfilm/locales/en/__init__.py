"""English."""

NAME = "English"
TAG = "en"
DICOM = ("en", "English")
