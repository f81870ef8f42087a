"""OpenVINO's IR: what is read is what the files say, what is written computes it, and nothing that is damaged gets far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from whosthat.errors import WeightsError
from whosthat.importers.openvino_format import Layer, read_network
from whosthat.importers.openvino_network import write_graph
from whosthat.inference import GraphError, check_graph, open_session


class Ir:
    """Writes a small IR, layer by layer; the arrays become f16 constants with their Convert, as in the zoo's files."""

    def __init__(self) -> None:
        self.numbers = b""
        self._layers: list[str] = []
        self._edges: list[str] = []

    def layer(self, kind: str, *inputs: Any, **data: str) -> int:
        """Append a layer; inputs are numbers of layers, or arrays."""
        sources = [source if isinstance(source, int) else self._constant(source) for source in inputs]
        number = len(self._layers)
        said = " ".join(f'{key.replace("_pad_", "-pad")}="{value}"' for key, value in data.items())
        self._layers.append(f'<layer id="{number}" name="{kind}{number}" type="{kind}" version="opset1"><data {said}/></layer>')
        for port, source in enumerate(sources):
            self._edges.append(f'<edge from-layer="{source}" from-port="0" to-layer="{number}" to-port="{port}"/>')
        return number

    def convolution(self, source: int, weights: Any, *, stride: int = 1, pad: int = 0, kind: str = "Convolution") -> int:
        """Append a convolution."""
        pads = {"pads_begin": f"{pad}, {pad}", "pads_end": f"{pad}, {pad}"}
        return self.layer(kind, source, weights, strides=f"{stride}, {stride}", dilations="1, 1", auto_pad="explicit", **pads)

    def both(self, result: int) -> tuple[bytes, bytes]:
        """Return the ``.xml`` and the ``.bin``."""
        self.layer("Result", result)
        parts = f"<layers>{''.join(self._layers)}</layers><edges>{''.join(self._edges)}</edges>"
        return f'<?xml version="1.0"?><net name="tiny" version="11">{parts}</net>'.encode(), self.numbers

    def _constant(self, array: Any) -> int:
        halves = np.asarray(array, np.float16)
        shape = ", ".join(map(str, halves.shape))
        constant = self.layer("Const", element_type="f16", shape=shape, offset=str(len(self.numbers)), size=str(halves.nbytes))
        self.numbers += halves.astype("<f2").tobytes()
        return self.layer("Convert", constant, destination_type="f32")


def drawn(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed + sum(shape)).normal(0, 0.5, shape).astype(np.float16)


def tiny() -> tuple[bytes, bytes]:
    """Every kind of layer, in the order of the zoo's network: pixels scaled, a block with attention, a sum, a whole-picture convolution."""
    ir = Ir()
    picture = ir.layer("Parameter", shape="1,3,8,8", element_type="f32")
    scaled = ir.layer("Multiply", picture, np.array([0.5, 0.25, 2], np.float16).reshape(1, 3, 1, 1), auto_broadcast="numpy")
    shifted = ir.layer("Add", scaled, drawn(1, 3, 1, 1), auto_broadcast="numpy")
    first = ir.layer("Add", ir.convolution(shifted, drawn(4, 3, 3, 3), stride=2, pad=1), drawn(1, 4, 1, 1), auto_broadcast="numpy")
    active = ir.layer("PReLU", first, np.array([0.25]))
    deep = ir.convolution(active, drawn(4, 1, 1, 3, 3), pad=1, kind="GroupConvolution")
    shared = ir.layer("Subtract", deep, drawn(1, 4, 1, 1), auto_broadcast="numpy")
    window = {"kernel": "4, 4", "strides": "4, 4", "pads_begin": "0, 0", "pads_end": "0, 0", "exclude_pad_": "true"}
    pooled = ir.layer("AvgPool", shared, auto_pad="explicit", rounding_type="floor", **window)
    attention = ir.layer("Sigmoid", ir.convolution(pooled, drawn(4, 4, 1, 1)))
    weighed = ir.layer("Multiply", shared, attention, auto_broadcast="numpy")
    summed = ir.layer("Add", active, weighed, auto_broadcast="numpy")
    several = ir.layer("PReLU", summed, np.array([0.1, 0.2, 0.3, 0.4]))
    return ir.both(ir.convolution(several, drawn(5, 4, 4, 4)))


def plainly(layers: Sequence[Layer]) -> bytes:
    """Translate layer by layer, rewriting nothing: the oracle for what `write_graph` does."""
    nodes, arrays = [], []
    for place, layer in enumerate(layers):
        names, said = [f"r{source}" for source in layer.inputs], layer.settings
        sizes = {
            key: [int(word) for word in said[key].split(",")] for key in ("strides", "pads_begin", "pads_end", "kernel") if key in said
        }
        window = {"strides": sizes.get("strides"), "pads": [*sizes.get("pads_begin", ()), *sizes.get("pads_end", ())]}
        if layer.array is not None:
            array = layer.array.reshape(-1, *layer.array.shape[2:]) if layer.array.ndim == 5 else layer.array
            array = array.reshape(-1, 1, 1) if array.ndim == 1 else array  # the slopes of a PReLU
            arrays.append(numpy_helper.from_array(array, f"r{place}"))
        elif layer.kind in ("Convolution", "GroupConvolution"):
            weights = layers[layers[layer.inputs[1]].inputs[0]].array
            groups = len(weights) if weights is not None and weights.ndim == 5 else 1
            nodes.append(helper.make_node("Conv", names, [f"r{place}"], group=groups, **window))
        elif layer.kind == "AvgPool":
            nodes.append(helper.make_node("AveragePool", names, [f"r{place}"], kernel_shape=sizes["kernel"], **window))
        else:
            kinds = {
                **dict.fromkeys(("Parameter", "Convert", "Result"), "Identity"),
                "Multiply": "Mul",
                "Subtract": "Sub",
                "PReLU": "PRelu",
            }
            nodes.append(helper.make_node(kinds.get(layer.kind, layer.kind), names or ["pictures"], [f"r{place}"]))
    shape = [int(side) for side in layers[0].settings["shape"].split(",")]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", *shape[1:]])
    vectors = helper.make_tensor_value_info(f"r{len(layers) - 1}", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "plain", [pictures], [vectors], arrays)
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def kinds_of(graph: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_model_from_string(graph).graph.node]


def answers(graph: bytes, pictures: Any) -> Any:
    return open_session(graph).run(pictures)[0]


def test_the_graph_gives_what_the_layers_say_one_by_one() -> None:
    layers = read_network(*tiny())
    pictures = np.random.default_rng(0).uniform(0, 255, (3, 3, 8, 8)).astype(np.float32)
    plain = answers(plainly(layers), pictures)
    assert plain.shape == (3, 5, 1, 1)
    np.testing.assert_allclose(answers(write_graph(layers), pictures), plain, rtol=1e-5, atol=1e-5 * np.abs(plain).max())


def test_constants_move_into_convolutions_and_one_slope_becomes_a_leaky_relu() -> None:
    kinds = kinds_of(write_graph(read_network(*tiny())))
    assert sorted(kinds) == sorted(
        ["Add", "Conv", "LeakyRelu", "Conv", "AveragePool", "Conv", "Sigmoid", "Mul", "Add", "PRelu", "Conv", "Identity"]
    )


def test_by_hand() -> None:
    ir = Ir()
    picture = ir.layer("Parameter", shape="1,1,2,2", element_type="f32")
    halved = ir.layer("Multiply", picture, np.full((1, 1, 1, 1), 0.5), auto_broadcast="numpy")
    summed = ir.convolution(halved, np.ones((1, 1, 2, 2)))
    shifted = ir.layer("Subtract", summed, np.full((1, 1, 1, 1), 8), auto_broadcast="numpy")
    both = ir.both(ir.layer("PReLU", shifted, np.array([0.25])))
    pictures = np.array([[[[1, 2], [3, 4]]], [[[10, 20], [30, 40]]]], np.float32)
    assert answers(write_graph(read_network(*both)), pictures).ravel().tolist() == [-0.75, 42.0]


def test_a_result_that_two_layers_take_is_not_changed_for_one_of_them() -> None:
    ir = Ir()
    picture = ir.layer("Parameter", shape="1,1,2,2", element_type="f32")
    seen = ir.convolution(picture, np.ones((1, 1, 1, 1)))
    more = ir.layer("Add", seen, np.full((1, 1, 1, 1), 5), auto_broadcast="numpy")
    both = ir.both(ir.layer("Multiply", seen, more, auto_broadcast="numpy"))
    pictures = np.array([[[[1, 2], [3, 4]]]], np.float32)
    assert answers(write_graph(read_network(*both)), pictures).ravel().tolist() == [6, 14, 24, 36]


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "entities": (
        lambda xml: xml.replace(b"<net", b'<!DOCTYPE net [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><net', 1),
        "document type or entities",
    ),
    "a negative offset": (lambda xml: xml.replace(b'offset="0"', b'offset="-6"'), "expected whole numbers"),
    "an offset behind the end": (lambda xml: xml.replace(b'offset="0"', b'offset="999999"'), "byte 999,999"),
    "a shape of 10 GB": (lambda xml: xml.replace(b'shape="1, 3, 1, 1"', b'shape="1, 3, 40000, 40000"', 1), "40000"),
    "a shape of 10 GB and its size": (
        lambda xml: xml.replace(b'shape="1, 3, 1, 1" offset="0" size="6"', b'shape="5, 999999999" offset="0" size="999999999"'),
        "999999999",
    ),
    "a size of 10 GB": (lambda xml: xml.replace(b'size="6"', b'size="10000000000"', 1), "expected whole numbers"),
    "a shape with too many dimensions": (lambda xml: xml.replace(b'shape="1, 3, 1, 1"', b'shape="1, 3, 1, 1, 1, 1"', 1), "constant has"),
    "numbers of another kind": (lambda xml: xml.replace(b'element_type="f16"', b'element_type="u1"', 1), "u1"),
    "an unknown layer": (lambda xml: xml.replace(b'type="Sigmoid"', b'type="Loop"'), 'kind "Loop"'),
    "an unknown setting": (lambda xml: xml.replace(b'auto_pad="explicit"', b'auto_pad="same_upper"', 1), "same_upper"),
    "a stride of nothing": (lambda xml: xml.replace(b'strides="2, 2"', b'strides="0, 2"'), 'strides="0, 2"'),
    "an edge from nowhere": (lambda xml: xml.replace(b'from-layer="0"', b'from-layer="999"', 1), "do not exist"),
    "an edge from behind": (lambda xml: xml.replace(b'from-layer="0"', b'from-layer="9"', 1), "computed later"),
    "a port twice": (lambda xml: xml.replace(b'to-port="1"', b'to-port="0"', 1), "comes twice"),
    "a number twice": (lambda xml: xml.replace(b'layer id="1"', b'layer id="0"', 1), "same number"),
    "another document": (lambda _xml: b"<html><body>Log in</body></html>", "does not list layers"),
    "too many elements": (lambda _xml: b"<net>" + b"<a/>" * 300_000 + b"</net>", "too many elements"),
    "too many bytes": (lambda xml: xml + b" " * (5 << 20), "more than 4,194,304 bytes"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_refused_with_a_sentence(name: str) -> None:
    change, words = DAMAGE[name]
    xml, numbers = tiny()
    assert change(xml) != xml
    with pytest.raises(WeightsError, match="not an OpenVINO network") as caught:
        write_graph(read_network(change(xml), numbers))
    assert words in str(caught.value)


def test_constants_that_share_their_bytes_do_not_multiply_memory() -> None:
    one = '<layer id="{n}" type="Const"><data element_type="f16" shape="1000" offset="0" size="2000"/></layer>'
    xml = f"<net><layers>{''.join(one.format(n=n) for n in range(2000))}</layers><edges/></net>"
    with pytest.raises(WeightsError, match=r"2,000 bytes, but the \.bin has 2,000"):
        read_network(xml.encode(), bytes(2000))


def test_numbers_that_are_not_finite_are_refused() -> None:
    xml, numbers = tiny()
    with pytest.raises(WeightsError, match="not finite"):
        read_network(xml, np.array([np.inf], "<f2").tobytes() + numbers[2:])


@given(share=st.floats(0, 0.999), of_numbers=st.booleans())
def test_files_that_are_cut_off_are_refused(share: float, of_numbers: bool) -> None:
    xml, numbers = tiny()
    cut = (xml, numbers[: int(share * len(numbers))]) if of_numbers else (xml[: int(share * len(xml))], numbers)
    with pytest.raises(WeightsError, match="not an OpenVINO network"):
        read_network(*cut)


@settings(max_examples=300)
@given(place=st.integers(0, 10**6), put=st.binary(min_size=1, max_size=4))
def test_a_changed_byte_is_read_or_refused_but_never_runs_away(place: int, put: bytes) -> None:
    xml, numbers = tiny()
    place %= len(xml)
    with suppress(WeightsError, GraphError):  # what the reader lets through, the check of graphs judges
        check_graph(write_graph(read_network(xml[:place] + put + xml[place + len(put) :], numbers)))


@pytest.mark.real
def test_the_published_network_gives_what_its_layers_say_one_by_one(real_weights: Path) -> None:
    stem = real_weights / "face-reidentification-retail-0095"
    layers = read_network(stem.with_suffix(".xml").read_bytes(), stem.with_suffix(".bin").read_bytes())
    graph = write_graph(layers)
    assert sorted(set(kinds_of(graph))) == ["Add", "AveragePool", "Conv", "Identity", "LeakyRelu", "Mul", "Sigmoid"]
    assert kinds_of(graph).count("Add") == 13
    pictures = np.random.default_rng(0).uniform(0, 255, (4, 3, 128, 128)).astype(np.float32)
    plain, fast = answers(plainly(layers), pictures), answers(graph, pictures)
    assert plain.shape == (4, 256, 1, 1)
    np.testing.assert_allclose(fast, plain, atol=1e-5 * np.abs(plain).max())
