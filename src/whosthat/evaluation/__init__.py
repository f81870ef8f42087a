"""Judging a recogniser: figures, diagnosis in words, pictures, and one report that holds them all.

    metrics      probabilities and the truth in, an `Evaluation` out (numpy alone)
    verdict      whether the result is good, in words
    diagnosis    which of the five cases the curves show, and what to try next
    run_facts    what ``metrics.json`` holds: the one definition that the writer and the readers share
    run_files    what the other files of a run folder tell the report
    plots        every picture; the only place that imports matplotlib
    report       one self-contained ``report.html``, made from the files of a run folder alone

What does not belong here: networks, photos on disk, training. Arrays come in, so nothing here loads Keras.
"""
