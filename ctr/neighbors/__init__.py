"""Neighbours of a value of a feature, by a released model.

`similar` compares exported embedding vectors, `best` asks the model itself, and
`columns` holds the examples that say what else the model must be told.
"""
