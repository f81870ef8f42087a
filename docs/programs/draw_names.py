"""Draw boxes and names into a copy of a photo."""

import whosthat

recogniser = whosthat.load("runs/latest")
picture = recogniser.draw("photo.jpg", "photo with names.jpg")
print(f"photo with names.jpg has {picture.shape[1]} x {picture.shape[0]} pixels")
