"""Say who is in each photo of a folder; a file that cannot be read stops nothing."""

import whosthat

for prediction in whosthat.predict("runs/latest", "holiday"):
    names = [sighting.name or "unknown" for sighting in prediction.sightings]
    print(f"{prediction.path.name}: {prediction.error or ', '.join(names) or 'no face'}")
