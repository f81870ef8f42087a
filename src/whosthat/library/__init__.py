"""A photo library: which photos there are, the faces in them, what people said of these faces, and who they are.

What belongs here: the library's one file, and what is read from it and written to it. What does not: looking at photos, grouping and naming
faces (`whosthat.workflow`), other programs' metadata.
"""
