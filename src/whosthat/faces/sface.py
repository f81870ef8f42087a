"""SFace, as the OpenCV model zoo publishes it: a MobileFaceNet whose vectors are compared by cosine.

What belongs here: what its published graph expects and gives. What does not: the file itself (`weights`), running it (`embedder`).

Source: Y. Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE Transactions on Image Processing
30, 2021. Input and template: ``cv2.FaceRecognizerSF`` (OpenCV, ``modules/objdetect/src/face_recognize.cpp``), which gives the network red,
green, blue from 0 to 255, nothing subtracted. The limit 0.363 is that of OpenCV's own example (``models/face_recognition_sface``).
"""

from __future__ import annotations

from whosthat.faces.description import EmbedderDescription
from whosthat.faces.weights import FILES

ARCFACE_POINTS = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
"""The template of ArcFace, which most networks since were trained with; pixels of a crop of 112 x 112."""

SFACE = EmbedderDescription(
    name="sface",
    licence=FILES["sface"].licence,
    source=FILES["sface"].source,
    dimensions=128,
    crop_size=112,
    points=ARCFACE_POINTS,
    points_origin="The template of ArcFace, as in OpenCV's FaceRecognizerSF.",
    colours="rgb",
    layout="nchw",
    mean=0.0,
    scale=1.0,
    compare="cosine",
    same_person=0.363,
)
