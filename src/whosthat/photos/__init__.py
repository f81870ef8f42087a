"""Photos, from a file's bytes to a network's input, and back to pictures for people.

What belongs here: reading, preparing, augmenting, drawing onto images. ``cv2`` and PIL stay inside.
What does not: folders of photos (`dataset`), faces, anything that knows of a network.
"""
