"""Run folders: their names, which one is the latest, who works in one, what lies in one, and how to go on with one that was stopped.

    folders    new runs, ``latest``, the list of runs
    lock       one process a run; a polite way to stop it
    files      the names of a run's files, and reading those that people see
    resuming   whatever stops a run says how to go on

What does not belong here: what is trained and tested (`training`, `evaluation`), and writing it down (`workflow`).
"""
