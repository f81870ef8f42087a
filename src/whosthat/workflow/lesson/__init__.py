"""The lesson: how an image recogniser is trained, in steps that compute what they tell, with a question before each result.

    texts        every sentence, with places for numbers
    arithmetic   steps that are arithmetic: convolution, activation, pooling, shapes, batches, loss, gradient descent
    trainings    steps that train a small network
    workshop     the photos that are drawn, and training and testing at the lesson's scale
    steps        the order of the steps, and giving the lesson

What does not belong here: showing and asking, which surfaces do.
"""
