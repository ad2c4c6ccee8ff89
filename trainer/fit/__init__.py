"""Training of a model, and the search for its settings."""
