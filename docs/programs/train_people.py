"""Train a recogniser on folders of photos, one folder a person, and look at what is wrong with the photos first."""

import whosthat

for finding in whosthat.check("photos").audit.findings:
    print(f"{finding.severity}: {finding.sentence}")
result = whosthat.train("photos", "faces")
print(f"trained: {', '.join(whosthat.load(result.run).labels)}; the report is {result.run / 'report.html'}")
