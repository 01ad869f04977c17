"""The shapes of models whose speed can be measured without their weights."""

from dataclasses import dataclass

_CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_HEADERS = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n'"
    " + m['content'] + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that decides how much work a token is. Sizes are the makers' published configurations."""

    name: str
    architecture: str
    layers: int
    width: int
    feed: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    rope_base: float
    epsilon: float
    biases: bool
    """Whether queries, keys and values have a bias (Qwen 2)."""
    special: dict[int, str]
    bos: int
    eos: int
    add_bos: bool
    pre: str
    """How the engine cuts text before merging."""
    template: str
    rope_factors: tuple[float, float, float, int] | None = None
    """Llama 3's stretched positions: factor, low and high frequency factor, original context."""
    catalogue_id: str = ""
    """The real model in the catalogue whose speed this one tells."""


_QWEN = {151643: "<|endoftext|>", 151644: "<|im_start|>", 151645: "<|im_end|>"}
_LLAMA = {
    128000: "<|begin_of_text|>", 128001: "<|end_of_text|>", 128006: "<|start_header_id|>",
    128007: "<|end_header_id|>", 128009: "<|eot_id|>",
}  # fmt: skip


def _qwen(name: str, layers: int, width: int, feed: int, heads: int, *, catalogue_id: str = "") -> Shape:
    return Shape(
        name, "qwen2", layers, width, feed, heads, 2, 151936, 32768, 1e6, 1e-6, True, _QWEN, 151643, 151645,
        False, "qwen2", _CHATML, catalogue_id=catalogue_id,
    )  # fmt: skip


SHAPES = {
    shape.name: shape
    for shape in (
        _qwen("qwen2.5-0.5b", 24, 896, 4864, 14),
        _qwen("qwen2.5-1.5b", 28, 1536, 8960, 12, catalogue_id="qwen2.5-1.5b"),
        Shape(
            "llama-3.2-1b", "llama", 16, 2048, 8192, 32, 8, 128256, 131072, 5e5, 1e-5, False, _LLAMA, 128000, 128009,
            True, "llama-bpe", _HEADERS, (32.0, 1.0, 4.0, 8192), "llama3.2-1b",
        ),
    )
}  # fmt: skip
"""All three share one matrix for reading and writing words, as their makers do."""
