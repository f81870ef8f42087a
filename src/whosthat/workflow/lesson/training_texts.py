"""What the lesson says in its steps that train a network: whole sentences with places for numbers.

What belongs here: words. What does not: any number. Each stands in braces and is computed by the step of the same name, so that no text
can claim what the lesson does not show; a test refuses digits in these texts.
"""

from __future__ import annotations

from whosthat.translation import N_
from whosthat.workflow.lesson.texts import StepText

FUNCTION = StepText(
    title=N_("A recogniser is a function: f(photo) = name"),
    text=(
        N_(
            "whosthat has drawn {people} cartoon heroes for this lesson; below is one photo of each. To a computer, a photo is a block of "
            "numbers: {side} x {side} pixels, and for each pixel {channels} whole numbers from {darkest} to {brightest}, for red, green "
            "and blue. That makes {numbers:,} numbers."
        ),
        N_(
            "A recogniser is a function. Its input is these numbers. Its output is a probability for each name, and the most likely name "
            "is the answer: f(photo) = name. The function of this lesson is a small network: layers of simple arithmetic with {weights:,} "
            "weights. Nobody types these weights in. They start as random numbers, and training changes them a little at a time, until the "
            "answers become right."
        ),
        N_(
            "The network has been built, but it has not been trained. Now it is shown {tested} test photos, {each} of each hero, and it "
            "must always give one of the {people} names."
        ),
    ),
    question=N_("How many of the {tested} photos will be correct?"),
    result=N_("{correct} of {tested} photos were correct: {accuracy}."),
    answer=(
        N_(
            "Always giving the same name would be correct for {baseline} of these photos. That is the baseline; a recogniser is worth "
            "something only above it. The untrained network knows nothing: its probabilities for the first test photo, in the table, have "
            "nothing to do with who is in it."
        ),
    ),
    words={
        "heroes": N_("The heroes of this lesson, as the network sees them: {side} x {side} pixels."),
        "probabilities": N_("What the untrained network answers to a photo of {truth}."),
        "name": N_("name"),
        "probability": N_("probability"),
    },
)

RATES = StepText(
    title=N_("A good, a small and a too large learning rate"),
    text=(
        N_(
            "Now the same with a real network, which has {weights:,} weights. It is trained with the learning rates {small}, {good} and "
            "{large}: on the same {photos} photos, from the same first weights, for {epochs} epochs. The optimiser is SGD with a momentum "
            "of {momentum}: each step keeps this share of the speed of the step before."
        ),
        N_("The loss is cross-entropy. A network that gives each of {people} names the same probability has a loss of {chance_loss}."),
    ),
    question=N_("Which learning rate will end with the lowest training loss, and what will the two others do?"),
    result=N_("The learning rate {best} ended with the lowest training loss, {best_loss}."),
    answer=(
        N_(
            "The small learning rate took the training loss from {small_first} to {small_last}: it falls, but {steps} iterations are far "
            "too few. The large one went from {large_first} to {large_last}: a network that stays near {chance_loss} has learnt next to "
            "nothing, because each step overshoots. The good one went from {good_first} to {good_last}."
        ),
        N_("When a training does not get anywhere, look at the learning rate first."),
    ),
    words={
        "run": N_("learning rate"),
        "curve": N_("training loss by epoch"),
        "first": N_("first"),
        "last": N_("last"),
        "accuracy": N_("test photos correct"),
        "table": N_("The trainings."),
        "picture": N_("Training loss by epoch, for each learning rate."),
        "title": N_("Training loss"),
        "epochs": N_("epoch"),
        "rate": N_("rate {rate}"),
    },
)

FIRST_LAYER = StepText(
    title=N_("What the first layer has learnt to see"),
    text=(
        N_(
            "The network with the learning rate {good} has learnt {filters} filters for its first layer. Nobody told it what to look for. "
            "Each filter is now laid on a photo of {truth}, at every place, and relu is applied, just as you did with a pencil. The result "
            "is a map for each filter, bright where it answers."
        ),
    ),
    question=N_("What will the maps show: whole faces, or something smaller? Will all {filters} filters answer?"),
    result=N_("{active} of {filters} filters answer somewhere in this photo, the most active one at {busiest} of all places."),
    answer=(
        N_(
            "The first layer sees edges and areas of one colour, nothing more. The next convolution looks at the maps and puts edges "
            "together to corners and bows, and the layers after that put these together to eyes, masks and hats. That is why networks are "
            "deep."
        ),
    ),
    words={
        "maps": N_("The photo, and the map of each filter of the first layer with the share of places where the filter answers."),
        "photo": N_("photo"),
        "filter": N_("{number}: {share}"),
    },
)

OVERFITTING = StepText(
    title=N_("Overfitting: learnt by heart"),
    text=(
        N_(
            "A network can learn its training photos by heart. To see it, the same network is trained on {photos} photos only, {few} of "
            "each hero, for {epochs} epochs with a batch size of {batch}. It is watched on {validation} validation photos, from which it "
            "never learns."
        ),
    ),
    question=N_("What share of the training photos will be correct in the last epoch, and what share of the validation photos?"),
    result=N_("In the last epoch {learnt} of the training photos and {unseen} of the validation photos were correct."),
    answer=(
        N_("whosthat's diagnosis: {case}. {meaning}"),
        N_(
            "The validation loss was lowest in epoch {lowest_epoch}, at {lowest}; at the end it was {last}. The training loss meanwhile "
            "fell to {train_last}. Whatever training did after that epoch, it did for {photos} photos and for no others. Early stopping "
            "ends training when the validation loss no longer falls."
        ),
    ),
    words={
        "accuracy": N_("Training and validation accuracy, learning from {photos} photos."),
        "loss": N_("Training and validation loss of the same training."),
        "curve": N_("by epoch"),
        "what": N_("what"),
        "last": N_("last"),
        "table": N_("The curves in letters."),
        "train": N_("training loss"),
        "validation": N_("validation loss"),
    },
)

CURE = StepText(
    title=N_("Overfitting, cured"),
    text=(
        N_(
            "What helps? Dropout switches off {dropout} of the numbers in one layer, others in each iteration, so that the network cannot "
            "rely on one detail. Augmentation shows each training photo rotated, moved, zoomed and mirrored a little, differently in each "
            "epoch. And there are simply more photos: {more} instead of {photos}."
        ),
        N_(
            "The network is trained with each remedy alone, and with all of them together. The test photos are {tested} that no training "
            "has seen."
        ),
    ),
    question=N_("Which single remedy helps most? What share of the test photos will be correct with all of them together?"),
    result=N_("{alone} of the test photos were correct without a remedy, {best} with “{best_name}” alone, {together} with all together."),
    answer=(
        N_(
            "Mind the interval: {tested} test photos are a sample, and other test photos would give another figure within it. Where two "
            "intervals overlap widely, the difference may be chance."
        ),
        N_(
            "More photos are the best remedy. Augmentation makes more of the photos you have. Look at the gap between training and "
            "validation: the smaller it is, the less was learnt by heart."
        ),
    ),
    words={
        "table": N_("The remedies. Training and validation are those of the last epoch."),
        "run": N_("training with"),
        "train": N_("training correct"),
        "validation": N_("validation correct"),
        "test": N_("test correct"),
        "interval": N_("confidence interval"),
        "none": N_("{photos} photos"),
        "dropout": N_("{photos} photos, dropout"),
        "augmentation": N_("{photos} photos, augmentation"),
        "more": N_("{more} photos"),
        "all": N_("{more} photos, dropout, augmentation"),
        "loss": N_("Training and validation loss with all remedies together."),
    },
)

LEAK = StepText(
    title=N_("A leak between training and test"),
    text=(
        N_(
            "A test is honest only if its photos took no part in training. The course report that whosthat grew from drew its photos with "
            "replacement: each photo was put back before the next one was drawn, so many were drawn twice or more often. Only then were "
            "they split into training and test."
        ),
        N_(
            "The same was done here: from {pool} photos of each hero, {pool} were drawn with replacement. The folder {folder} now holds "
            "{files} files. They are split at random: {train} to train, {test} to test. The same network is trained. Afterwards it is also "
            "tested on {fresh} photos that were in none of these files."
        ),
    ),
    question=N_("Will the test accuracy on the {test} photos be higher or lower than on the {fresh} fresh photos? By how much?"),
    result=N_("{leaky} of the test photos were correct, but only {leaky_fresh} of the fresh ones."),
    answer=(
        N_(
            "{shared} of the {test} test photos were in the training set too. Those the network knew by heart, and the test counted them "
            "as success. That is a leak."
        ),
        N_("whosthat looks for this. “whosthat check {folder}” says: {finding}"),
        N_(
            "Then whosthat split the same folder in its own way, with all copies of a photo in one part: {honest_shared} of {honest_test} "
            "test photos were in the training set. The same network, trained and tested on this split, had {honest} correct, and of the "
            "fresh photos {honest_fresh}. The fresh photos tell what the test should tell: how a recogniser does on new photos. The leaky "
            "test was off by {leaky_gap} percentage points, and always in the same direction. The honest one was off by {honest_gap}: a "
            "test of {honest_test} photos is small, and its interval is wide."
        ),
        N_(
            "By the way, copies teach nothing new. All copies that the honest split has put into training leave it with only "
            "{honest_different} different photos, the random one with {leaky_different}. That is why its accuracy on fresh photos is lower."
        ),
    ),
    words={
        "table": N_("One folder, split in two ways."),
        "split": N_("split"),
        "different": N_("different photos in training"),
        "shared": N_("test photos also in training"),
        "test": N_("test correct"),
        "interval": N_("confidence interval"),
        "fresh": N_("fresh photos correct"),
        "leaky": N_("at random"),
        "honest": N_("by whosthat"),
    },
)

PATH = StepText(
    title=N_("The flow chart, and the way each training took"),
    text=(
        N_(
            "This is the way of every training. Data are split into training, validation and test. A loss is chosen and made smaller. Then "
            "come the questions. Is the training set good? If not, back to the loss, the network and its settings. Is the test set good? "
            "If not, it is overfitting. If both are good, deploy: use it."
        ),
        N_("whosthat draws this chart for each of its reports. The trainings of this lesson have each gone their way through it."),
    ),
    question=N_("Where did each of these trainings end: the small rate, the large rate, the few photos, all remedies together?"),
    result=N_("So the trainings ended: {ends}."),
    answer=(
        N_(
            "The training set counts as good from {good_training} correct on. Whether the test set is good is judged by the test accuracy "
            "and its interval, as in every report."
        ),
    ),
    words={
        "table": N_("The diagnosis of each training."),
        "run": N_("training"),
        "case": N_("diagnosis"),
        "way": N_("from the first question on"),
        "small": N_("small rate"),
        "good": N_("good rate"),
        "large": N_("large rate"),
        "few": N_("few photos"),
        "all": N_("all remedies"),
        "chart": N_("The way of “{run}”."),
        "end": N_("{run} → {station}"),
    },
)
