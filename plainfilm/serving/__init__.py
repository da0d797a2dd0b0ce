"""The page, the API and the DICOM node."""
