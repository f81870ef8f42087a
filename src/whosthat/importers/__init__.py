"""Readers of published weights: from somebody's file format to arrays, or to an ONNX graph that whosthat runs.

What does not belong here: where such files lie and whether they are the right ones (`faces.weight_files`, `networks.pretrained`).
"""
