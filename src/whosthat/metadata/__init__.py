"""People in the metadata of photos, as other programs write and read it: XMP, its sidecars, Picasa's files.

What belongs here: from bytes to people in places of a photo, and back, without losing what others wrote. What does not: photos
(`photos.headers`), who is in them.
"""
