"""Test a recogniser on photos that it has not seen; strangers and photos it was trained on are not counted."""

import whosthat

test = whosthat.evaluate("runs/latest", "new photos")
low, high = test.interval.low, test.interval.high
print(f"correct: {test.accuracy:.0%} of {len(test.answers)} photos; with 95 % confidence between {low:.0%} and {high:.0%}")
