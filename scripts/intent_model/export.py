"""From trained weights to a GGUF file that llama.cpp runs, quantised by llama.cpp itself."""

import ctypes
import tempfile
from collections.abc import Mapping
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import numpy.typing as npt

from scripts.intent_model.vocabulary import BEGIN, CALL, END, TEMPLATE, Vocabulary

Array = npt.NDArray[np.float32]


def export(path: Path, weights: Mapping[str, Array], vocabulary: Vocabulary, *, layers: int, heads: int, feed: int,
           context: int, epsilon: float, rope: float) -> None:  # fmt: skip
    """Write `weights` (llama.cpp's names) as `path`, matrices in eight bits.

    Raises RuntimeError when llama.cpp refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.gguf"
        _write(whole, weights, vocabulary, layers=layers, heads=heads, feed=feed, context=context, epsilon=epsilon,
               rope=rope)  # fmt: skip
        settings = llama_cpp.llama_model_quantize_default_params()
        settings.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
        settings.nthread = 1
        if llama_cpp.llama_model_quantize(str(whole).encode(), str(path).encode(), ctypes.byref(settings)):
            raise RuntimeError(f"{path}: llama.cpp could not quantise the model")


def _write(path: Path, weights: Mapping[str, Array], vocabulary: Vocabulary, *, layers: int, heads: int, feed: int,
           context: int, epsilon: float, rope: float) -> None:  # fmt: skip
    width = weights["token_embd.weight"].shape[1]
    kinds = [gguf.TokenType.NORMAL] * vocabulary.own
    control = {BEGIN, CALL, END}
    kinds += [
        gguf.TokenType.CONTROL if token in control else gguf.TokenType.USER_DEFINED
        for token in vocabulary.tokens[vocabulary.own :]
    ]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("intent model")
    writer.add_description("Turns a request into a tool call; made by scripts/train_intent_model.py")
    writer.add_license("GPL-3.0-or-later")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(rope)
    writer.add_layer_norm_rms_eps(epsilon)
    writer.add_vocab_size(len(vocabulary.tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{one} {other}" for one, other in vocabulary.merges])
    writer.add_bos_token_id(vocabulary.ids[BEGIN])
    writer.add_eos_token_id(vocabulary.ids[END])
    writer.add_pad_token_id(vocabulary.ids[END])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, values in weights.items():
        writer.add_tensor(name, np.ascontiguousarray(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
