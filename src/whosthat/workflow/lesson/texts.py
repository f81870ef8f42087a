"""Everything that a lesson says, in one place: whole sentences with places for numbers.

What belongs here: words. What does not: any number. Each stands in braces and is computed by the step of the same name, so that no text
can claim what the lesson does not show; a test refuses digits in these texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StepText:
    """The words of one step; braces hold names of facts that the step computes."""

    title: str
    text: tuple[str, ...]  # paragraphs before the question
    question: str
    result: str  # what happened, in one sentence
    answer: tuple[str, ...]  # paragraphs that explain it
    words: Mapping[str, str]  # captions of exhibits, headings of columns and names of runs


FUNCTION = StepText(
    title="A recogniser is a function: f(photo) = name",
    text=(
        "whosthat has drawn {people} cartoon heroes for this lesson; below is one photo of each. To a computer, a photo is a block of "
        "numbers: {side} x {side} pixels, and for each pixel {channels} whole numbers from {darkest} to {brightest}, for red, green and "
        "blue. That makes {numbers:,} numbers.",
        "A recogniser is a function. Its input is these numbers. Its output is a probability for each name, and the most likely name is "
        "the answer: f(photo) = name. The function of this lesson is a small network: layers of simple arithmetic with {weights:,} "
        "weights. Nobody types these weights in. They start as random numbers, and training changes them a little at a time, until the "
        "answers become right.",
        "The network has been built, but it has not been trained. Now it is shown {tested} test photos, {each} of each hero, and it must "
        "always give one of the {people} names.",
    ),
    question="How many of the {tested} photos will be correct?",
    result="{correct} of {tested} photos were correct: {accuracy}.",
    answer=(
        "Always giving the same name would be correct for {baseline} of these photos. That is the baseline; a recogniser is worth "
        "something only above it. The untrained network knows nothing: its probabilities for the first test photo, in the table, have "
        "nothing to do with who is in it.",
    ),
    words={
        "heroes": "The heroes of this lesson, as the network sees them: {side} x {side} pixels.",
        "probabilities": "What the untrained network answers to a photo of {truth}.",
        "name": "name",
        "probability": "probability",
    },
)

CONVOLUTION = StepText(
    title="A convolution, in numbers",
    text=(
        "A convolution looks at a photo piece by piece. It has a filter, a small square of weights. The filter is laid on the top left "
        "corner of the photo. Each number of the photo is multiplied by the weight that lies on it, and the products are added up: this "
        "sum is the first number of the result. Then the filter moves one pixel to the right and does the same again, and at the end of "
        "a row it goes on one pixel further down.",
        "Below is a piece of a drawn photo, {height} x {width} pixels, with grey values from {black} (black) to {white} (white), and a "
        "filter of {filter_side} x {filter_side} weights. Take a pencil.",
    ),
    question="What is the first number of the result, at its top left?",
    result="The first number of the result is {first}.",
    answer=(
        "{products} = {first}. The result has {rows} rows and {columns} columns, because the filter fits into the piece at so many places.",
        "This filter adds up the left column and subtracts the right one. Where the photo is the same on both sides, the sum is near "
        "zero. Where a bright area ends and a dark one begins, it is far from zero: the filter finds upright edges. In a network nobody "
        "chooses the weights of a filter. They are learnt.",
    ),
    words={
        "piece": "A piece of a photo, in grey values.",
        "filter": "The filter.",
        "photo": "The photo in grey; the piece lies inside the frame.",
        "result": "The result of the convolution.",
    },
)

ACTIVATION = StepText(
    title="Activation functions: relu, sigmoid, tanh",
    text=(
        "After a convolution, each number goes through an activation function. Without one, layers upon layers would be in vain: sums of "
        "sums are only sums, so many layers could do no more than a single one.",
        "relu leaves a positive number as it is and makes a negative one zero. sigmoid squeezes every number between {sigmoid_low} and "
        "{sigmoid_high}, tanh between {tanh_low} and {tanh_high}.",
        "Here is the result of the convolution again. relu is applied to each of its {cells} numbers.",
    ),
    question="How many of the {cells} numbers are zero afterwards?",
    result="{zeros} of the {cells} numbers are zero after relu.",
    answer=(
        "The table shows what the functions make of a few numbers. Look at {large}: there sigmoid and tanh have nearly reached their "
        "highest value, and they hardly react to a change any more. Their slopes are {sigmoid_slope} and {tanh_slope}. Training follows "
        "slopes, so it is slow where they are flat. The slope of relu is {relu_slope} for every positive number; that is why most "
        "networks use it between their layers.",
    ),
    words={
        "before": "The result of the convolution, before relu.",
        "after": "The same after relu.",
        "table": "What the activation functions make of a number.",
        "input": "input",
    },
)

POOLING = StepText(
    title="Max-pooling, in numbers",
    text=(
        "Pooling makes the result smaller. Max-pooling cuts it into squares of {pool} x {pool} numbers and keeps the largest number of "
        "each square: how strongly the filter answered there, no matter at which of the {square} places.",
    ),
    question="Which {left} numbers are left of these {cells}?",
    result="{kept} are left.",
    answer=(
        "{cells} numbers have become {left}: the next layer has less to do. And the network becomes more tolerant: when the hero moves "
        "by one pixel, the largest number of a square is often the same.",
    ),
    words={"before": "After relu, before pooling.", "after": "After max-pooling."},
)

SHAPES = StepText(
    title="Padding, flatten and the plan of a network",
    text=(
        "A convolution without padding makes a photo smaller, because the filter must not stick out over the edge. Padding puts a border "
        "of zeros around the photo, and the result is as large as the photo was. Flatten writes all numbers in one long row. A dense "
        "layer then gives each number of the row a weight and adds up, once for each of its units.",
        "The network of this lesson gets photos of {side} x {side} pixels. First comes a convolution with {first_filters} filters, with "
        "padding, and max-pooling, which halves both sides. Then comes a convolution with {second_filters} filters, with padding, and "
        "max-pooling again. Then flatten.",
    ),
    question="How many numbers does the row have after flatten?",
    result="After flatten the row has {flat:,} numbers.",
    answer=(
        "{flat_products} = {flat:,}. The table is the whole network. Without padding, the first convolution would leave {unpadded} of "
        "{side} pixels on each side.",
        "The weights of a filter are the same at every place of the photo; that is why the first convolution has only {first_weights}, "
        "however large the photo is. The dense layer after flatten has a weight of its own for each number and unit: {dense_weights:,}, "
        "which is {dense_share} of all {weights:,} weights.",
    ),
    words={
        "table": "The network, layer by layer.",
        "layer": "layer",
        "shape": "output",
        "arithmetic": "weights, counted",
        "weights": "weights",
    },
)

EPOCH = StepText(
    title="Batch, iteration, epoch",
    text=(
        "Training works in small portions. The network looks at a few photos together, a batch, compares its answers with the true "
        "names, and changes each weight a little. One such change is an iteration. When every training photo has been seen once, an "
        "epoch is over. The next epoch begins, with the photos in another order.",
        "This lesson has {photos} training photos, and the batch size is {batch}.",
    ),
    question="How many iterations are one epoch?",
    result="One epoch is {iterations} iterations.",
    answer=(
        "{photos} photos / {batch} photos = {iterations}. A training of {epochs} epochs changes the weights {steps} times.",
        "With a batch size of {other}, an epoch would be {other_iterations} iterations, the last of them with only {rest} photos. Small "
        "batches change the weights more often, but each change rests on fewer photos and is less certain.",
    ),
    words={
        "batch": "batch size",
        "iterations": "iterations an epoch",
        "rest": "photos in the last batch",
        "table": "Batch sizes compared.",
    },
)

LOSS = StepText(
    title="The loss: how wrong is an answer?",
    text=(
        "To know how to change the weights, training needs one number that says how wrong an answer is: the loss. The smaller, the better.",
        "Mean squared error (MSE) takes, for each name, the difference between its probability and the truth, which is {yes} for the "
        "right name and {no} for the others. It squares the differences and averages them. Cross-entropy looks only at the probability "
        "of the right name, and takes its natural logarithm, without the minus sign.",
        "Below are {answers} answers to the same photo of {truth}.",
    ),
    question="From “unsure” to “sure and wrong”: which of the two losses grows more, and how many times as large does it become?",
    result="MSE becomes {mse_growth} times as large, cross-entropy {entropy_growth} times.",
    answer=(
        "For the answer that is sure and wrong, MSE is {mse_arithmetic} = {mse}, and cross-entropy is {entropy_arithmetic} = {entropy}.",
        "MSE can never be larger than {mse_limit} here. Cross-entropy has no limit: the nearer the probability of the right name is to "
        "zero, the larger it becomes. It presses hardest where a network is sure and wrong, so most recognisers are trained with it.",
    ),
    words={
        "answers": "Probabilities for each name.",
        "losses": "Both losses of each answer.",
        "answer": "answer",
        "right": "sure and right",
        "unsure": "unsure",
        "wrong": "sure and wrong",
        "mse": "MSE",
        "entropy": "cross-entropy",
    },
)

DESCENT = StepText(
    title="Gradient descent, with one weight",
    text=(
        "The gradient of a weight says how steeply the loss rises when the weight grows. Gradient descent moves the weight the other "
        "way, downhill: new weight = weight - learning rate x gradient.",
        "Take the simplest case: a single weight w, and the loss w x w. Its gradient is {slope} x w, and the best w is zero. Training "
        "begins at w = {start}.",
    ),
    question="Where is w after one step with the learning rate {large}? Is that nearer to zero than {start}?",
    result="After one step w is {landed}. Its loss was {loss_before} and is now {loss_after}.",
    answer=(
        "{start} - {large} x {slope} x {start} = {landed}. The table follows w for {steps} steps. With {small} it goes the right way, "
        "but slowly. With {good} it is nearly there after a few steps. With {large} each step jumps across the valley and lands higher "
        "up on the other side.",
    ),
    words={
        "table": "w, step by step, with each learning rate.",
        "step": "step",
        "rate": "rate {rate}",
        "picture": "The loss, step by step, with each learning rate.",
        "loss": "Loss",
    },
)

RATES = StepText(
    title="A good, a small and a too large learning rate",
    text=(
        "Now the same with a real network, which has {weights:,} weights. It is trained with the learning rates {small}, {good} and "
        "{large}: on the same {photos} photos, from the same first weights, for {epochs} epochs. The optimiser is SGD with a momentum of "
        "{momentum}: each step keeps this share of the speed of the step before.",
        "The loss is cross-entropy. A network that gives each of {people} names the same probability has a loss of {chance_loss}.",
    ),
    question="Which learning rate will end with the lowest training loss, and what will the two others do?",
    result="The learning rate {best} ended with the lowest training loss, {best_loss}.",
    answer=(
        "The small learning rate took the training loss from {small_first} to {small_last}: it falls, but {steps} iterations are far too "
        "few. The large one went from {large_first} to {large_last}: a network that stays near {chance_loss} has learnt next to nothing, "
        "because each step overshoots. The good one went from {good_first} to {good_last}.",
        "When a training does not get anywhere, look at the learning rate first.",
    ),
    words={
        "run": "learning rate",
        "curve": "training loss by epoch",
        "first": "first",
        "last": "last",
        "accuracy": "test photos correct",
        "table": "The trainings.",
        "picture": "Training loss by epoch, for each learning rate.",
        "title": "Training loss",
        "epochs": "epoch",
        "rate": "rate {rate}",
    },
)

FIRST_LAYER = StepText(
    title="What the first layer has learnt to see",
    text=(
        "The network with the learning rate {good} has learnt {filters} filters for its first layer. Nobody told it what to look for. "
        "Each filter is now laid on a photo of {truth}, at every place, and relu is applied, just as you did with a pencil. The result "
        "is a map for each filter, bright where it answers.",
    ),
    question="What will the maps show: whole faces, or something smaller? Will all {filters} filters answer?",
    result="{active} of {filters} filters answer somewhere in this photo, the most active one at {busiest} of all places.",
    answer=(
        "The first layer sees edges and areas of one colour, nothing more. The next convolution looks at the maps and puts edges "
        "together to corners and bows, and the layers after that put these together to eyes, masks and hats. That is why networks are "
        "deep.",
    ),
    words={
        "maps": "The photo, and the map of each filter of the first layer with the share of places where the filter answers.",
        "photo": "photo",
        "filter": "{number}: {share}",
    },
)

OVERFITTING = StepText(
    title="Overfitting: learnt by heart",
    text=(
        "A network can learn its training photos by heart. To see it, the same network is trained on {photos} photos only, {few} of each "
        "hero, for {epochs} epochs with a batch size of {batch}. It is watched on {validation} validation photos, from which it never "
        "learns.",
    ),
    question="What share of the training photos will be correct in the last epoch, and what share of the validation photos?",
    result="In the last epoch {learnt} of the training photos and {unseen} of the validation photos were correct.",
    answer=(
        "whosthat's diagnosis: {case}. {meaning}",
        "The validation loss was lowest in epoch {lowest_epoch}, at {lowest}; at the end it was {last}. The training loss meanwhile fell "
        "to {train_last}. Whatever training did after that epoch, it did for {photos} photos and for no others. Early stopping ends "
        "training when the validation loss no longer falls.",
    ),
    words={
        "accuracy": "Training and validation accuracy, learning from {photos} photos.",
        "loss": "Training and validation loss of the same training.",
        "curve": "by epoch",
        "what": "what",
        "last": "last",
        "table": "The curves in letters.",
        "train": "training loss",
        "validation": "validation loss",
    },
)

CURE = StepText(
    title="Overfitting, cured",
    text=(
        "What helps? Dropout switches off {dropout} of the numbers in one layer, others in each iteration, so that the network cannot "
        "rely on one detail. Augmentation shows each training photo rotated, moved, zoomed and mirrored a little, differently in each "
        "epoch. And there are simply more photos: {more} instead of {photos}.",
        "The network is trained with each remedy alone, and with all of them together. The test photos are {tested} that no training has "
        "seen.",
    ),
    question="Which single remedy helps most? What share of the test photos will be correct with all of them together?",
    result="{alone} of the test photos were correct without a remedy, {best} with “{best_name}” alone, {together} with all together.",
    answer=(
        "Mind the interval: {tested} test photos are a sample, and other test photos would give another figure within it. Where two "
        "intervals overlap widely, the difference may be chance.",
        "More photos are the best remedy. Augmentation makes more of the photos you have. Look at the gap between training and "
        "validation: the smaller it is, the less was learnt by heart.",
    ),
    words={
        "table": "The remedies. Training and validation are those of the last epoch.",
        "run": "training with",
        "train": "training correct",
        "validation": "validation correct",
        "test": "test correct",
        "interval": "confidence interval",
        "none": "{photos} photos",
        "dropout": "{photos} photos, dropout",
        "augmentation": "{photos} photos, augmentation",
        "more": "{more} photos",
        "all": "{more} photos, dropout, augmentation",
        "loss": "Training and validation loss with all remedies together.",
    },
)

LEAK = StepText(
    title="A leak between training and test",
    text=(
        "A test is honest only if its photos took no part in training. The course report that whosthat grew from drew its photos with "
        "replacement: each photo was put back before the next one was drawn, so many were drawn twice or more often. Only then were they "
        "split into training and test.",
        "The same was done here: from {pool} photos of each hero, {pool} were drawn with replacement. The folder {folder} now holds "
        "{files} files. They are split at random: {train} to train, {test} to test. The same network is trained. Afterwards it is also "
        "tested on {fresh} photos that were in none of these files.",
    ),
    question="Will the test accuracy on the {test} photos be higher or lower than on the {fresh} fresh photos? By how much?",
    result="{leaky} of the test photos were correct, but only {leaky_fresh} of the fresh ones.",
    answer=(
        "{shared} of the {test} test photos were in the training set too. Those the network knew by heart, and the test counted them as "
        "success. That is a leak.",
        "whosthat looks for this. “whosthat check {folder}” says: {finding}",
        "Then whosthat split the same folder in its own way, with all copies of a photo in one part: {honest_shared} of {honest_test} "
        "test photos were in the training set. The same network, trained and tested on this split, had {honest} correct, and of the "
        "fresh photos {honest_fresh}. The fresh photos tell what the test should tell: how a recogniser does on new photos. The leaky "
        "test was off by {leaky_gap} percentage points, and always in the same direction. The honest one was off by {honest_gap}: a test "
        "of {honest_test} photos is small, and its interval is wide.",
        "By the way, copies teach nothing new. All copies that the honest split has put into training leave it with only "
        "{honest_different} different photos, the random one with {leaky_different}. That is why its accuracy on fresh photos is lower.",
    ),
    words={
        "table": "One folder, split in two ways.",
        "split": "split",
        "different": "different photos in training",
        "shared": "test photos also in training",
        "test": "test correct",
        "interval": "confidence interval",
        "fresh": "fresh photos correct",
        "leaky": "at random",
        "honest": "by whosthat",
    },
)

PATH = StepText(
    title="The flow chart, and the way each training took",
    text=(
        "This is the way of every training. Data are split into training, validation and test. A loss is chosen and made smaller. Then "
        "come the questions. Is the training set good? If not, back to the loss, the network and its settings. Is the test set good? If "
        "not, it is overfitting. If both are good, deploy: use it.",
        "whosthat draws this chart for each of its reports. The trainings of this lesson have each gone their way through it.",
    ),
    question="Where did each of these trainings end: the small rate, the large rate, the few photos, all remedies together?",
    result="So the trainings ended: {ends}.",
    answer=(
        "The training set counts as good from {good_training} correct on. Whether the test set is good is judged by the test accuracy "
        "and its interval, as in every report.",
    ),
    words={
        "table": "The diagnosis of each training.",
        "run": "training",
        "case": "diagnosis",
        "way": "from the first question on",
        "small": "small rate",
        "good": "good rate",
        "large": "large rate",
        "few": "few photos",
        "all": "all remedies",
        "chart": "The way of “{run}”.",
        "end": "{run} → {station}",
    },
)
