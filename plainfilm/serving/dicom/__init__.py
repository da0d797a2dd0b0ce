"""The DICOM node: films from a modality, results back to the archive."""
