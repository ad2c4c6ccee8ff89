"""Histories of users: what each user clicked before a row.

A column of lists, for a multivalued feature: the model learns a vector for each past
item, and pools them.
"""

from ctr.history.build import Histories, build_histories
from ctr.history.log import Columns

__all__ = ["Columns", "Histories", "build_histories"]
