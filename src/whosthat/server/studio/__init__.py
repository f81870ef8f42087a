"""Studio: the page in the browser for people who will never open a terminal (``whosthat studio``).

What belongs here: the routes that the page asks, who may ask them, the one job that runs, and what the page shows at the moment. What does
not: anything about photos, people or training (`whosthat.workflow` does it all), the page itself (``page/``), the service for programs
(`whosthat.server`). Reason: ``docs/decisions/0028-studio.md``.
"""
