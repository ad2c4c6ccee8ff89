"""Building blocks of the models.

The name of a layer starts with `wide.` or `deep.`, which selects its optimizer. The dot
keeps it apart from the names of the inputs, which are those of the columns: Keras
requires unique names in a model, and no column has a dot in its name.
"""
