"""Every number that changes while a model is trained, as named arrays, and back.

What belongs here: reading and setting variables. What does not: files (`checkpoints`).
Keras' own files leave out the states of dropout's random generators and the running metrics; with these arrays a training
goes on with the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from whosthat.errors import RunError
from whosthat.training.checkpoints import Arrays

if TYPE_CHECKING:
    import keras

Variable: TypeAlias = "keras.Variable"


def model_variables(model: keras.Model) -> dict[str, Variable]:
    """Name every variable of a model: weights, running statistics and random generators."""
    return named("model", model.variables)


def named(group: str, variables: Iterable[Variable]) -> dict[str, Variable]:
    """Name variables by their place; Keras' own names count how many models this process has built, and so do not last."""
    return {f"{group}/{place:04}": variable for place, variable in enumerate(variables)}


def read(variables: dict[str, Variable]) -> dict[str, NDArray[Any]]:
    """Read variables into arrays."""
    return {name: variable.numpy() for name, variable in variables.items()}


def restore(variables: dict[str, Variable], arrays: Arrays) -> None:
    """Set every variable to its array.

    Raises:
        RunError: An array is missing or has another shape: the checkpoint is of another network.
    """
    for name, variable in variables.items():
        array = arrays.get(name)
        if array is None or array.shape != tuple(variable.shape):
            came = "is missing" if array is None else f"has the shape {array.shape} instead of {tuple(variable.shape)}"
            raise RunError(f"The checkpoint does not fit the network: {name} {came}. Start a new run.")
        variable.assign(array)
