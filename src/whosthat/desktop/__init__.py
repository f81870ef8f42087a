"""The window: choose a photo, see it, see the name. Widgets show; what happens stands in ``viewer``, slow work in ``worker``."""
