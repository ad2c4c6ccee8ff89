"""What the models are made of.

Layers' names have a dot, which no column's name has: a column's name is its input's,
and Keras wants names to be unique in a model. They start with `wide.` or `deep.`, which
says which optimizer trains them.
"""
