"""The encoder as an ONNX graph of standard operators, made from the published weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

LAYERS, HEADS = 6, 12
EPSILON = 1e-12
# The first operator set that knows attention, and the file format that came with it.
OPERATORS, FORMAT = 23, 11


def encoder_graph(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Write the encoder as a model for ONNX Runtime.

    Args:
        weights: BERT's tensors by their published names.

    Returns:
        A model from `pieces` (1, n), a text's word pieces, to the mean of their vectors (1, size).
    """
    graph = _Graph(weights)
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "pieces")
    # A text's only segment is the first one.
    places = graph.constant(
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    count = graph.add("Shape", "pieces", start=1)
    first = graph.constant(np.zeros(1, np.int64))
    x = graph.add("Add", words, graph.add("Slice", places, first, count))
    x = graph.norm(x, "embeddings.LayerNorm")
    for number in range(LAYERS):
        name = f"encoder.layer.{number}."
        parts = [
            graph.linear(x, f"{name}attention.self.{part}") for part in ("query", "key", "value")
        ]
        mixed = graph.add("Attention", *parts, q_num_heads=HEADS, kv_num_heads=HEADS)
        mixed = graph.linear(mixed, f"{name}attention.output.dense")
        x = graph.norm(graph.add("Add", mixed, x), f"{name}attention.output.LayerNorm")
        wide = graph.add("Gelu", graph.linear(x, f"{name}intermediate.dense"))
        narrow = graph.linear(wide, f"{name}output.dense")
        x = graph.norm(graph.add("Add", narrow, x), f"{name}output.LayerNorm")
    mean = graph.add("ReduceMean", x, graph.constant(np.ones(1, np.int64)), keepdims=0)
    size = weights["embeddings.word_embeddings.weight"].shape[1]
    made = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info("pieces", TensorProto.INT64, [1, "n"])],
        [helper.make_tensor_value_info(mean, TensorProto.FLOAT, [1, size])],
        graph.constants,
    )
    operators = [helper.make_opsetid("", OPERATORS)]
    model = helper.make_model(made, opset_imports=operators, ir_version=FORMAT)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants, each named by its number; every method returns the name of what it added."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name])

    def linear(self, x: str, name: str) -> str:
        product = self.add("MatMul", x, self.constant(self.weights[f"{name}.weight"].T))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def norm(self, x: str, name: str) -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", x, scale, shift, epsilon=EPSILON)
