"""Run folders: their names, which one is the latest, who works in one, what lies in one, and how to go on with one that was stopped.

    folders    new runs, ``latest``, the list of runs
    lock       one process a run; a polite way to stop it, and how to go on
    files      the names of a run's files, and reading those that people see

What does not belong here: what is trained and tested (`training`, `evaluation`), and writing it down (`workflow`).
"""
