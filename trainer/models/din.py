"""Deep Interest Network (Zhou et al. 2018, https://arxiv.org/abs/1706.06978).

logit = MLP([embeddings, attention(target, history), numbers])

Embedding+MLP in which the target weighs the items of each sequence
(`trainer.layers.attention`) and Dice is the activation. The paper's mini-batch aware
regularisation (section 5.1) is what `embedding_l2` is in all models: equation 5, a sum
over the lookups of a batch, each divided by how often its id occurs; the paper's
equation 6 approximates it.

Use it where users have a history, and the target decides which part of it matters.
"""

from __future__ import annotations

from trainer.models.embedding_mlp import logit

__all__ = ["logit"]
