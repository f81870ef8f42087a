"""Add a person to a recogniser; nothing is trained again."""

import whosthat

recogniser = whosthat.load("runs/latest")
added = recogniser.people.add("cy", "cy")
print(f"{len(added.photos)} photos of {added.name} enrolled")
recogniser.people.rename("cy", "Cyrus")
print(", ".join(f"{person.name}: {person.photos} photos" for person in recogniser.people.list()))
print("now known:", recogniser.identify("holiday/cy.jpg")[0].name)
