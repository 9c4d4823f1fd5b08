"""The embedded model's parts: tokenizer, text encoder and base UNet, at their shipped sizes."""

import math
import re
from collections import Counter
from pathlib import Path

import sentencepiece
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

SIDE = 256  # pixels
PATCH = 16  # pixels; a patch of 16 × 16 × 3 values is one token of 768 channels
MAX_TOKENS = 40
TIME_SHIFT = 1.2  # of t = sigmoid(0.8·n + shift): noisier times for larger pictures


def build_tokenizer(lines: list[str], folder: Path, size: int = 1400) -> PreTrainedTokenizerFast:
    """Train a sentencepiece unigram vocabulary of `size` pieces on `lines`.

    The pieces are kept in a tokenizers file (JSON), so the shipped model needs no other format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / "spiece"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(prefix), vocab_size=size,
        model_type="unigram", normalization_rule_name="nmt_nfkc_cf", pad_id=0, eos_id=1, unk_id=2,
        bos_id=-1, user_defined_symbols=["<mask>"], character_coverage=1.0, num_threads=1,
        minloglevel=2, required_chars="abcdefghijklmnopqrstuvwxyz0123456789.,:;!?'\"-()/",
        hard_vocab_limit=False,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    pieces = [(model.id_to_piece(i), model.get_score(i)) for i in range(len(model))]
    pieces += _whole_words(lines, {piece for piece, _ in pieces}, size - len(pieces))
    core = Tokenizer(Unigram(pieces, unk_id=2, byte_fallback=False))
    core.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    core.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    core.decoder = decoders.Metaspace()
    core.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        mask_token="<mask>", model_max_length=MAX_TOKENS)
    tokenizer.save_pretrained(folder)
    for suffix in (".model", ".vocab"):
        prefix.with_suffix(suffix).unlink()
    return tokenizer


def _whole_words(lines: list[str], known: set[str], room: int) -> list[tuple[str, float]]:
    """The commonest words as pieces with their log-probability.

    sentencepiece only proposes substrings that two different words share; a small world has few
    words, and nearly every one of them deserves a piece of its own.
    """
    counts = Counter(word for line in lines for word in re.findall(r"[a-z]+", line.lower()))
    total = sum(counts.values())
    common = [(f"▁{word}", count) for word, count in counts.most_common()
              if count >= 5 and f"▁{word}" not in known]
    return [(piece, math.log(count / total)) for piece, count in common[:max(room, 0)]]


def text_config(vocab_size: int, layers: int = 4) -> T5Config:
    """A T5 encoder of width 192; with four layers it has two million parameters."""
    return T5Config(
        vocab_size=vocab_size, d_model=192, d_kv=32, d_ff=512, num_layers=layers, num_heads=6,
        relative_attention_num_buckets=32, relative_attention_max_distance=64, dropout_rate=0.0,
        feed_forward_proj="gated-gelu", pad_token_id=0, eos_token_id=1, is_decoder=False,
        use_cache=False,
    )


def build_text_encoder(vocab_size: int, layers: int = 4) -> T5EncoderModel:
    """A text encoder with fresh weights from torch's global generator."""
    return T5EncoderModel(text_config(vocab_size, layers))


def build_unet() -> UNet2DConditionModel:
    """The base denoiser with fresh weights: (B, 768, 16, 16) pixel patches in and out."""
    return UNet2DConditionModel(
        sample_size=SIDE // PATCH, in_channels=3 * PATCH**2, out_channels=3 * PATCH**2,
        block_out_channels=(192, 256), layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), mid_block_type=None,
        cross_attention_dim=192, attention_head_dim=(3, 4), use_linear_projection=True,
        conv_in_kernel=1, conv_out_kernel=1, norm_num_groups=32, time_embedding_dim=384,
    )


def build_scheduler() -> FlowMatchEulerDiscreteScheduler:
    """Flow matching, x_t = (1 − t)·x0 + t·noise, its steps where training spent them."""
    return FlowMatchEulerDiscreteScheduler(shift=3.0)
