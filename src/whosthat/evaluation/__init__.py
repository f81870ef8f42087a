"""Judging a recogniser: figures, diagnosis in words, pictures, and one report that holds them all.

    outcomes     what became of each photo: correct, wrong, unknown, no face
    metrics      probabilities and the truth in, an `Evaluation` out (numpy alone)
    verdict      whether the result is good, in words
    diagnosis    which of the five cases the curves show, and what to try next
    learning_curve      accuracy against photos per person
    run_facts    what ``metrics.json`` holds: the one definition that the writer and the readers share
    plots        every picture; the only place that imports matplotlib
    face_part    what ``faces.json`` holds
    small_pictures      photos and faces, small, to stand inside a page
    report       one self-contained ``report.html``, made from the files of a run folder alone
    comparison   several models on one split: which one to use

What does not belong here: networks, photos on disk, training. Arrays come in, so nothing here loads Keras.
"""
