"""What the lesson says in its steps of arithmetic: whole sentences with places for numbers.

What belongs here: words. What does not: any number. Each stands in braces and is computed by the step of the same name, so that no text
can claim what the lesson does not show; a test refuses digits in these texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from whosthat.translation import N_


@dataclass(frozen=True)
class StepText:
    """The words of one step; braces hold names of facts that the step computes."""

    title: str
    text: tuple[str, ...]  # paragraphs before the question
    question: str
    result: str  # what happened, in one sentence
    answer: tuple[str, ...]  # paragraphs that explain it
    words: Mapping[str, str]  # captions of exhibits, headings of columns and names of runs


CONVOLUTION = StepText(
    title=N_("A convolution, in numbers"),
    text=(
        N_(
            "A convolution looks at a photo piece by piece. It has a filter, a small square of weights. The filter is laid on the top left "
            "corner of the photo. Each number of the photo is multiplied by the weight that lies on it, and the products are added up: "
            "this sum is the first number of the result. Then the filter moves one pixel to the right and does the same again, and at the "
            "end of a row it goes on one pixel further down."
        ),
        N_(
            "Below is a piece of a drawn photo, {height} x {width} pixels, with grey values from {black} (black) to {white} (white), and a "
            "filter of {filter_side} x {filter_side} weights. Take a pencil."
        ),
    ),
    question=N_("What is the first number of the result, at its top left?"),
    result=N_("The first number of the result is {first}."),
    answer=(
        N_(
            "{products} = {first}. The result has {rows} rows and {columns} columns, because the filter fits into the piece at so many "
            "places."
        ),
        N_(
            "This filter adds up the left column and subtracts the right one. Where the photo is the same on both sides, the sum is near "
            "zero. Where a bright area ends and a dark one begins, it is far from zero: the filter finds upright edges. In a network "
            "nobody chooses the weights of a filter. They are learnt."
        ),
    ),
    words={
        "piece": N_("A piece of a photo, in grey values."),
        "filter": N_("The filter."),
        "photo": N_("The photo in grey; the piece lies inside the frame."),
        "result": N_("The result of the convolution."),
    },
)

ACTIVATION = StepText(
    title=N_("Activation functions: relu, sigmoid, tanh"),
    text=(
        N_(
            "After a convolution, each number goes through an activation function. Without one, layers upon layers would be in vain: sums "
            "of sums are only sums, so many layers could do no more than a single one."
        ),
        N_(
            "relu leaves a positive number as it is and makes a negative one zero. sigmoid squeezes every number between {sigmoid_low} and "
            "{sigmoid_high}, tanh between {tanh_low} and {tanh_high}."
        ),
        N_("Here is the result of the convolution again. relu is applied to each of its {cells} numbers."),
    ),
    question=N_("How many of the {cells} numbers are zero afterwards?"),
    result=N_("{zeros} of the {cells} numbers are zero after relu."),
    answer=(
        N_(
            "The table shows what the functions make of a few numbers. Look at {large}: there sigmoid and tanh have nearly reached their "
            "highest value, and they hardly react to a change any more. Their slopes are {sigmoid_slope} and {tanh_slope}. Training "
            "follows slopes, so it is slow where they are flat. The slope of relu is {relu_slope} for every positive number; that is why "
            "most networks use it between their layers."
        ),
    ),
    words={
        "before": N_("The result of the convolution, before relu."),
        "after": N_("The same after relu."),
        "table": N_("What the activation functions make of a number."),
        "input": N_("input"),
    },
)

POOLING = StepText(
    title=N_("Max-pooling, in numbers"),
    text=(
        N_(
            "Pooling makes the result smaller. Max-pooling cuts it into squares of {pool} x {pool} numbers and keeps the largest number of "
            "each square: how strongly the filter answered there, no matter at which of the {square} places."
        ),
    ),
    question=N_("Which {left} numbers are left of these {cells}?"),
    result=N_("{kept} are left."),
    answer=(
        N_(
            "{cells} numbers have become {left}: the next layer has less to do. And the network becomes more tolerant: when the hero moves "
            "by one pixel, the largest number of a square is often the same."
        ),
    ),
    words={"before": N_("After relu, before pooling."), "after": N_("After max-pooling.")},
)

SHAPES = StepText(
    title=N_("Padding, flatten and the plan of a network"),
    text=(
        N_(
            "A convolution without padding makes a photo smaller, because the filter must not stick out over the edge. Padding puts a "
            "border of zeros around the photo, and the result is as large as the photo was. Flatten writes all numbers in one long row. A "
            "dense layer then gives each number of the row a weight and adds up, once for each of its units."
        ),
        N_(
            "The network of this lesson gets photos of {side} x {side} pixels. First comes a convolution with {first_filters} filters, "
            "with padding, and max-pooling, which halves both sides. Then comes a convolution with {second_filters} filters, with padding, "
            "and max-pooling again. Then flatten."
        ),
    ),
    question=N_("How many numbers does the row have after flatten?"),
    result=N_("After flatten the row has {flat:,} numbers."),
    answer=(
        N_(
            "{flat_products} = {flat:,}. The table is the whole network. Without padding, the first convolution would leave {unpadded} of "
            "{side} pixels on each side."
        ),
        N_(
            "The weights of a filter are the same at every place of the photo; that is why the first convolution has only {first_weights}, "
            "however large the photo is. The dense layer after flatten has a weight of its own for each number and unit: "
            "{dense_weights:,}, which is {dense_share} of all {weights:,} weights."
        ),
    ),
    words={
        "table": N_("The network, layer by layer."),
        "layer": N_("layer"),
        "shape": N_("output"),
        "arithmetic": N_("weights, counted"),
        "weights": N_("weights"),
    },
)

EPOCH = StepText(
    title=N_("Batch, iteration, epoch"),
    text=(
        N_(
            "Training works in small portions. The network looks at a few photos together, a batch, compares its answers with the true "
            "names, and changes each weight a little. One such change is an iteration. When every training photo has been seen once, an "
            "epoch is over. The next epoch begins, with the photos in another order."
        ),
        N_("This lesson has {photos} training photos, and the batch size is {batch}."),
    ),
    question=N_("How many iterations are one epoch?"),
    result=N_("One epoch is {iterations} iterations."),
    answer=(
        N_("{photos} photos / {batch} photos = {iterations}. A training of {epochs} epochs changes the weights {steps} times."),
        N_(
            "With a batch size of {other}, an epoch would be {other_iterations} iterations, the last of them with only {rest} photos. "
            "Small batches change the weights more often, but each change rests on fewer photos and is less certain."
        ),
    ),
    words={
        "batch": N_("batch size"),
        "iterations": N_("iterations an epoch"),
        "rest": N_("photos in the last batch"),
        "table": N_("Batch sizes compared."),
    },
)

LOSS = StepText(
    title=N_("The loss: how wrong is an answer?"),
    text=(
        N_(
            "To know how to change the weights, training needs one number that says how wrong an answer is: the loss. The smaller, the "
            "better."
        ),
        N_(
            "Mean squared error (MSE) takes, for each name, the difference between its probability and the truth, which is {yes} for the "
            "right name and {no} for the others. It squares the differences and averages them. Cross-entropy looks only at the probability "
            "of the right name, and takes its natural logarithm, without the minus sign."
        ),
        N_("Below are {answers} answers to the same photo of {truth}."),
    ),
    question=N_("From “unsure” to “sure and wrong”: which of the two losses grows more, and how many times as large does it become?"),
    result=N_("MSE becomes {mse_growth} times as large, cross-entropy {entropy_growth} times."),
    answer=(
        N_(
            "For the answer that is sure and wrong, MSE is {mse_arithmetic} = {mse}, and cross-entropy is {entropy_arithmetic} = {entropy}."
        ),
        N_(
            "MSE can never be larger than {mse_limit} here. Cross-entropy has no limit: the nearer the probability of the right name is to "
            "zero, the larger it becomes. It presses hardest where a network is sure and wrong, so most recognisers are trained with it."
        ),
    ),
    words={
        "answers": N_("Probabilities for each name."),
        "losses": N_("Both losses of each answer."),
        "answer": N_("answer"),
        "right": N_("sure and right"),
        "unsure": N_("unsure"),
        "wrong": N_("sure and wrong"),
        "mse": N_("MSE"),
        "entropy": N_("cross-entropy"),
    },
)

DESCENT = StepText(
    title=N_("Gradient descent, with one weight"),
    text=(
        N_(
            "The gradient of a weight says how steeply the loss rises when the weight grows. Gradient descent moves the weight the other "
            "way, downhill: new weight = weight - learning rate x gradient."
        ),
        N_(
            "Take the simplest case: a single weight w, and the loss w x w. Its gradient is {slope} x w, and the best w is zero. Training "
            "begins at w = {start}."
        ),
    ),
    question=N_("Where is w after one step with the learning rate {large}? Is that nearer to zero than {start}?"),
    result=N_("After one step w is {landed}. Its loss was {loss_before} and is now {loss_after}."),
    answer=(
        N_(
            "{start} - {large} x {slope} x {start} = {landed}. The table follows w for {steps} steps. With {small} it goes the right way, "
            "but slowly. With {good} it is nearly there after a few steps. With {large} each step jumps across the valley and lands higher "
            "up on the other side."
        ),
    ),
    words={
        "table": N_("w, step by step, with each learning rate."),
        "step": N_("step"),
        "rate": N_("rate {rate}"),
        "picture": N_("The loss, step by step, with each learning rate."),
        "loss": N_("Loss"),
    },
)
