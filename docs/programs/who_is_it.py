"""Say who is in a photo; name None means that nobody is known well enough."""

import whosthat

recogniser = whosthat.load("runs/latest")
for sighting in recogniser.identify("photo.jpg"):
    print(f"{sighting.name or 'unknown'} (confidence {sighting.confidence:.2f}), at {sighting.box.left:.0f} pixels from the left")
