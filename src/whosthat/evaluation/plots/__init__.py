"""Every picture of a run, as PNG files for people and as inline SVG for the report.

    canvas       figures, colours and fonts, and figures as PNG or SVG
    charts       curves by epoch, calibration, learning curve, confusion matrix, grid of test photos
    architecture the network, from the photo to the answer
    flow_chart   the slide's flow chart with this run's way through it
    writing      all of them into a run's ``plots`` folder

Each drawing is a function of numbers and `canvas.Inks`: one piece of code draws for paper and for the report's light and dark. What does
not belong here: computing what is drawn.
"""
