"""Folders of photos: scan, audit, split, prepare, serve in batches. What belongs here knows photos and classes, not networks."""
