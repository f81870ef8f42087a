"""The service: a recogniser that answers over HTTP, for programs (``whosthat serve``) and for people in a browser (``whosthat studio``).

What belongs here: what comes in over a connection, is checked, handed to `whosthat.workflow`, and answered. What does not: any logic of
its own about photos, people or training; whatever a page needs and the API lacks is added to the API first.
"""
