"""Tell whether two photos show the same person, who need not be enrolled."""

import whosthat

recogniser = whosthat.load("runs/latest")
for other in ("holiday/ann.jpg", "holiday/cy.jpg"):
    answer = recogniser.verify("ann.jpg", other)
    print(f"{other}: {'the same' if answer.same else 'another'} person, distance {answer.distance:.2f} of {answer.threshold:.2f}")
