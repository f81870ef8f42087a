"""Name people in frames of a camera or a video, as OpenCV gives them: blue, green, red."""

import cv2

import whosthat

recogniser = whosthat.load("runs/latest")
frames = [cv2.imread("ann.jpg"), cv2.imread("photo.jpg")]  # a camera: cv2.VideoCapture(0).read()
for number, frame in enumerate(frames):
    print(number, [sighting.name for sighting in recogniser.identify(frame, bgr=True)])
