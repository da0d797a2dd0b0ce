"""Films and tables: decoding, preprocessing, the index, splits, augmentation, the pixel store."""
