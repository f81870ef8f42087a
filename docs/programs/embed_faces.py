"""Turn faces into embeddings, and find the most similar one."""

import numpy as np

import whosthat

recogniser = whosthat.load("runs/latest")
paths = ["holiday/bo.jpg", "holiday/cy.jpg", "holiday/ann.jpg"]
faces = np.concatenate([recogniser.embed(path) for path in paths])
distances = np.linalg.norm(faces - recogniser.embed("ann.jpg")[0], axis=1)
print(f"{paths[distances.argmin()]} is most like ann.jpg, distance {distances.min():.2f}")
