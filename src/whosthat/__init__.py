"""whosthat: folders of photos in, a recogniser you can trust out."""

__version__ = "0.1.0"
