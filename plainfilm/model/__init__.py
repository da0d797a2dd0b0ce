"""Networks, weights, the model file and the predictor."""
