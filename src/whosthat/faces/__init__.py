"""Faces: found, aligned and embedded. Nothing here knows about people's names."""
