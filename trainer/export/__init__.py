"""Export of a trained model: signatures, tables and the record of the run."""
