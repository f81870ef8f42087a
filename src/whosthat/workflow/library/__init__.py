"""What whosthat does with a library of photos: scan, name, correct, find, forget, and names from and for other programs.

What belongs here: the steps of each command in the order a person would tell it. What does not: rows and SQL (`whosthat.library`), how
faces are grouped or named (`recognition`).
"""
