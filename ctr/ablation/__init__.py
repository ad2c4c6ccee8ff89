"""Value of each feature: a run's model trained anew without it.

`trained` finds what the Trainer of a run was given, `measure` trains and measures, and
`ablate` does so for each feature.
"""
