"""Write who is where in each photo to a JSON file, and be stricter than the recogniser would be by itself."""

import json

import whosthat

recogniser = whosthat.load("runs/latest")
recogniser.threshold = 0.4
answers = {str(one.path): [seen.to_dict() for seen in one.sightings] for one in whosthat.predict(recogniser, "holiday")}
with open("who.json", "w", encoding="utf-8") as file:
    json.dump(answers, file, indent=2)
print(f"who.json tells of {len(answers)} photos")
