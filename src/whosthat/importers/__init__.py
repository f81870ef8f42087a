"""Readers of published weights: from somebody's file format to arrays, or to an ONNX graph that whosthat runs.

    dlib_format, dlib_network   dlib's face network, from its ``.dat``
    mtcnn_networks              MTCNN's three networks, rewritten for ONNX Runtime
    pth                         PyTorch's ``.pth``, without running what is in it

What does not belong here: where such files lie and whether they are the right ones (`faces.weight_files`, `networks.pretrained`).
"""
