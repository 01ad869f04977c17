"""Write a tiny language model in GGUF format: a stand-in for tests, which says one fixed sentence.

    python scripts/make_tiny_gguf.py OUT.gguf

It has the llama architecture, a byte-level tokenizer and a chat template of its own, so the code that loads a real
model, builds its prompt, decodes, samples and streams runs for real. It knows nothing: its embedding and output
matrices are written such that each token of the sentence leads to the next one. Nothing installs it by default.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np

REPLY = ("This", " is", " a", " stand", "-", "in", ",", " caf", "\xc3", "\xa9", " or", " not", ".", " It", " knows",
         " nothing", "!")  # fmt: skip
"""Each token occurs once: the next token depends on the last one alone. The two bytes of "é" are two tokens, as in
real byte-level vocabularies (written here as Latin-1 letters, one a byte)."""

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MERGES = ["t h", "th e"]
"""The loader wants some; with these "the" is one token of a prompt, all else is bytes."""

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
WIDTH, LAYERS, HEADS, KV_HEADS, FEED, CONTEXT = 64, 2, 4, 2, 128, 4096


def byte_letters() -> dict[int, str]:
    """The letter that byte-level vocabularies write for each byte: printable ones stand for themselves."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def write_tiny_gguf(
    path: Path,
    reply: Sequence[str] = REPLY,
    *,
    endless: bool = False,
    template: str | None = TEMPLATE,
    architecture: str = "llama",
) -> Path:
    """Write the model; `reply` are its tokens (Latin-1: one letter a byte), each at most once, fewer than WIDTH.

    `endless` leads from the last token back to the first instead of to the end. `template` None leaves it out.
    """
    letters = byte_letters()
    tokens = [letters[byte] for byte in range(256)]
    spelled = ["".join(letters[byte] for byte in piece.encode("latin-1")) for piece in reply]
    tokens += [piece for piece in [*spelled, *(merge.replace(" ", "") for merge in MERGES)] if piece not in tokens]
    ids = {token: number for number, token in enumerate(tokens)}
    tokens += SPECIAL
    end, _start, finish = (len(tokens) - 3 + i for i in range(3))
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - 3) + [gguf.TokenType.CONTROL] * 3

    newline = ids[letters[ord("\n")]]
    chain = [newline, *(ids[piece] for piece in spelled), finish]
    if len(set(chain)) != len(chain) or len(chain) > WIDTH:
        raise ValueError("every token of the reply must be a different one, and there is room for 62")
    rng = np.random.default_rng(0)
    embedding = rng.normal(0, 0.02, (len(tokens), WIDTH)).astype(np.float32)
    output = np.zeros((len(tokens), WIDTH), np.float32)
    for place, (token, following) in enumerate(pairwise(chain)):
        embedding[token] = np.eye(WIDTH, dtype=np.float32)[place]
        output[chain[1] if endless and following == finish else following, place] += 8.0

    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny stand-in")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(finish)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)

    def small(*shape: int) -> np.ndarray:
        # the layers compute for real but hardly move the residual stream: the sentence stays what it is
        return rng.normal(0, 0.002, shape).astype(np.float32)

    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    narrow = WIDTH // HEADS * KV_HEADS
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        writer.add_tensor(block + "attn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(block + "ffn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(block + "attn_q.weight", small(WIDTH, WIDTH))
        writer.add_tensor(block + "attn_k.weight", small(narrow, WIDTH))
        writer.add_tensor(block + "attn_v.weight", small(narrow, WIDTH))
        writer.add_tensor(block + "attn_output.weight", small(WIDTH, WIDTH))
        writer.add_tensor(block + "ffn_gate.weight", small(FEED, WIDTH))
        writer.add_tensor(block + "ffn_up.weight", small(FEED, WIDTH))
        writer.add_tensor(block + "ffn_down.weight", small(WIDTH, FEED))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    print(f"{write_tiny_gguf(arguments.out)}: {arguments.out.stat().st_size} bytes, a stand-in that knows nothing")
