"""Whether the model is asked about examples like those that it was trained on."""
