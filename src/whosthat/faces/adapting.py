"""Making a foreign face network take what all of them take here: uint8 crops in, vectors on one scale of distance out.

What belongs here: comparing a graph with its description, and the nodes that are put before and behind it: a bundle then holds one graph
that needs no explanation. What does not: the description (`own_embedders`), running the graph (`embedder`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.faces.embedder import SAME_PERSON
from whosthat.inference import GraphError, check_graph
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whosthat.faces.own_embedders import EmbedderDescription

CROPS, EMBEDDINGS = "whosthat_crops", "whosthat_embeddings"


def adapt(graph: bytes, description: EmbedderDescription) -> bytes:
    """Complete a graph, as its makers published it, so that it takes crops and gives vectors on the scale of `embedder.SAME_PERSON`.

    Its input is then uint8 (n, size, size, 3), red green blue, its output float32 (n, dimensions). n is 1 where the makers fixed it at 1.

    Raises:
        WeightsError: The bytes are no ONNX graph that is run here (`inference.limits`), or do not fit the description.
    """
    from onnx import TensorProto, helper

    model = _parsed(graph, description.name)
    names = {tensor.name for tensor in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in names]
    weights = [item for item in model.graph.input if item.name in names]  # older graphs list them, too
    many_in = N_("The graph of {name} should have one input, but has {n} ({names}). Export it with one.")
    many_out = N_("The graph of {name} should have one output, but has {n} ({names}). Export it with one.")
    photo, vectors = _only(inputs, many_in, description.name), _only(model.graph.output, many_out, description.name)
    batch, layout = _checked_input(photo, description)
    size = description.crop_size
    completed = helper.make_graph(
        [*_before(photo, layout, description), *model.graph.node, *_behind(vectors, description)],
        description.name,
        [helper.make_tensor_value_info(CROPS, TensorProto.UINT8, [batch, size, size, 3]), *weights],
        [helper.make_tensor_value_info(EMBEDDINGS, TensorProto.FLOAT, [batch, description.dimensions])],
        initializer=model.graph.initializer,
        sparse_initializer=model.graph.sparse_initializer,
    )
    model.graph.CopyFrom(completed)
    data: bytes = model.SerializeToString()
    return data


def _parsed(graph: bytes, name: str) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        check_graph(graph)
        model = onnx.load_model_from_string(graph)
    except (GraphError, DecodeError) as error:
        raise WeightsError("The file of {name} cannot be used: {error}", name=name, error=error) from error
    if not model.graph.node:
        raise WeightsError("The file of {name} is not an ONNX graph: it computes nothing.", name=name)
    return model


def _only(items: Sequence[Any], sentence: str, name: str) -> Any:
    if len(items) != 1:
        names = _(", ").join(item.name for item in items) or _("none")
        raise WeightsError(sentence, name=name, n=len(items), names=names)
    return items[0]


def _checked_input(photo: Any, description: EmbedderDescription) -> tuple[int | str, str]:
    """Compare the input with the description; return how many crops it takes, and the order of its dimensions."""
    from onnx import TensorProto

    tensor = photo.type.tensor_type
    if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8):
        kind = TensorProto.DataType.Name(tensor.elem_type)
        raise WeightsError(
            "The input of {name} should hold floating-point numbers or uint8, but holds {kind}.", name=description.name, kind=kind
        )
    shape = [axis.dim_value if axis.dim_value > 0 else None for axis in tensor.shape.dim]  # exporters write -1, too
    if len(shape) != 4:
        raise WeightsError(
            "The input of {name} should have four dimensions (images, colours, height, width), but has {n}.",
            name=description.name,
            n=len(shape),
        )
    layout = description.layout or _layout_of(shape, description.name)
    size = description.crop_size
    expected = (3, size, size) if layout == "nchw" else (size, size, 3)
    if any(there not in (None, wanted) for there, wanted in zip(shape[1:], expected, strict=True)):
        raise WeightsError(
            "The input of {name} has the shape {shape}, but its description says {expected} (crop_size {size}, "
            "{layout}). Correct the description, or use the file that it describes.",
            name=description.name,
            shape=_shown(shape),
            expected=_shown((None, *expected)),
            size=size,
            layout=layout,
        )
    if shape[0] not in (None, 1):
        raise WeightsError(
            "The graph of {name} takes exactly {n} images at once. Export it for any number, or for one.", name=description.name, n=shape[0]
        )
    return shape[0] or "n", layout


def _layout_of(shape: Sequence[int | None], name: str) -> str:
    if shape[1] == 3:
        return "nchw"
    if shape[3] == 3:
        return "nhwc"
    raise WeightsError(
        "The graph of {name} does not say the order of its input's dimensions ({shape}). Add a line to its "
        'description: layout = "nchw" (colours, height, width) or layout = "nhwc" (height, width, colours).',
        name=name,
        shape=_shown(shape),
    )


def _shown(shape: Sequence[int | None]) -> str:
    return " x ".join(_("any") if axis is None else str(axis) for axis in shape)


class _Nodes:
    """A chain of nodes; knows the name of what flows at its end."""

    def __init__(self, stem: str, flow: str) -> None:
        self.nodes: list[Any] = []
        self.flow = flow
        self._stem = stem

    def add(self, kind: str, second: Any = None, *, result: str = "", **attributes: Any) -> None:
        """Append a node; ``second`` is an array for its second input, ``result`` the name of what it gives."""
        from onnx import helper, numpy_helper

        inputs = [self.flow]
        if second is not None:
            inputs.append(f"{self._stem}_{len(self.nodes)}_second")
            self.nodes.append(helper.make_node("Constant", [], inputs[1:], value=numpy_helper.from_array(second)))
        self.flow = result or f"{self._stem}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [self.flow], **attributes))


def _before(photo: Any, layout: str, description: EmbedderDescription) -> list[Any]:
    """From crops to what the network was trained with."""
    from onnx import TensorProto

    chain = _Nodes("whosthat_before", CROPS)
    chain.add("Cast", to=TensorProto.FLOAT)
    turned = description.colours == "bgr"
    for kind, values in (("Sub", description.mean), ("Mul", description.scale)):
        by_colour = np.broadcast_to(np.array(values, np.float32), 3)
        chain.add(kind, np.flip(by_colour) if turned else by_colour)
    if layout == "nchw":
        chain.add("Transpose", perm=[0, 3, 1, 2])
    if turned:  # only now: whole planes change places, not single numbers
        chain.add("Gather", np.array([2, 1, 0], np.int64), axis=1 if layout == "nchw" else 3)
    chain.add("Cast", result=photo.name, to=photo.type.tensor_type.elem_type)
    return chain.nodes


def _behind(vectors: Any, description: EmbedderDescription) -> list[Any]:
    """From the network's vectors to those that are compared by distance, on the common scale."""
    from onnx import TensorProto

    chain = _Nodes("whosthat_behind", vectors.name)
    chain.add("Cast", to=TensorProto.FLOAT)
    chain.add("Flatten", axis=1)
    if description.compare == "cosine":
        chain.add("LpNormalization", axis=1, p=2)
    chain.add("Mul", np.array(SAME_PERSON / description.same_person_distance, np.float32), result=EMBEDDINGS)
    return chain.nodes
