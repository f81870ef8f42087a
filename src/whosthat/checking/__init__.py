"""What the faces say about a folder of photos: wrong labels, poor photos, people who look alike.

    suspects        embeddings -> photos that show somebody else, look-alikes
    costly          embeddings -> photos that cost right answers
    face_audit      photos and their faces -> everything worth knowing
    face_findings   the same in sentences

What does not belong here: the check of files and copies, which every training needs (`dataset.audit`).
"""
