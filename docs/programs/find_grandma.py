"""Find every photo of one person, given a single portrait and no training photos of her."""

from pathlib import Path

import whosthat

recogniser = whosthat.load("runs/latest")
for path in sorted(Path("holiday").iterdir()):
    if recogniser.faces(path) and (answer := recogniser.verify("cy/1.jpg", path)).same:
        print(f"{path.name}: distance {answer.distance:.2f}")
