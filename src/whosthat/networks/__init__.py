"""The networks: functions from a design to a Keras model, and what carries their weights.

One file is one family: `cnn6`, `vgg16`, `cnn_lstm`, `resnet50`, `efficientnet_lite`, `custom`. `registry` finds them,
`backend` is the one way to Keras, `pretrained` and `weights` read and write weights, `onnx_writer` exports.
Importing this package or any of its modules loads neither keras nor tensorflow: facts are there at once.
"""
