"""Find the faces in a photo."""

import whosthat

recogniser = whosthat.load("runs/latest")
for face in recogniser.faces("photo.jpg"):
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    print(f"a face of {face.box.width:.0f} x {face.box.height:.0f} pixels, the nose at {nose[0]:.0f}, {nose[1]:.0f}")
