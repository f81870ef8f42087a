"""Training: recipes, fitting, checkpoints and transfer learning.

Importing this package loads nothing: `recipe` is read by commands that never train, and Keras takes seconds.
"""
