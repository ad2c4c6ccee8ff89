"""The typed configuration, and the contracts that the packages share.

The lowest package: it imports no other of ours, and no TensorFlow.
"""
