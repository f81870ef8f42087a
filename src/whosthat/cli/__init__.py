"""The command line: parse, call one function of ``workflow``, show what it returns. Nothing here decides anything about photos."""
