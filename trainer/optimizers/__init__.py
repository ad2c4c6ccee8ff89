"""The optimizers: they touch only the rows of a table that a batch looked up."""
