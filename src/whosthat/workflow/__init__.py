"""What whosthat does for people, one readable function each: check, train, evaluate, predict, export, compare, runs.

What belongs here: wiring parts together in the order a person would tell it. What does not: deciding anything about photos, networks or
figures (the parts below do), and showing anything (the surfaces above do).
"""
