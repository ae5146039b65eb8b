"""Tiny vision-language models with random weights, saved as real ones are."""

from __future__ import annotations

from pathlib import Path

SPECIAL = [
    "<unk>",
    "<s>",
    "</s>",
    "<pad>",
    "[IMG]",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[INST]",
    "[/INST]",
]
WORDS = "describe this image in one sentence a picture of dog cat motion static indoor . , '"
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[INST]"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}[IMG]{% endif %}"
    "{% endfor %}[/INST]{% endfor %}"
)


def save_model(folder: Path, kind: str, *, template: str | None = TEMPLATE, seed: int = 0) -> Path:
    """Save a model and its processor.

    Parameters
    ----------
    folder : Path
        Folder to make.
    kind : {"llava", "pixtral"}
        Vision tower: CLIP with pictures of one size, or Pixtral with pictures of any.
    template : str, optional
        Template of conversations.
    seed : int
        Seed of the weights.
    """
    import torch

    from repalign.models.libraries import import_transformers

    transformers = import_transformers()
    tokenizer = _tokenizer(transformers)
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 8, "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2,
        "pad_token_id": 3,
    }  # fmt: skip
    image_token = tokenizer.convert_tokens_to_ids("[IMG]")
    if kind == "llava":
        config = transformers.LlavaConfig(
            vision_config=transformers.CLIPVisionConfig(
                hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                image_size=32, patch_size=8, projection_dim=32,
            ),
            text_config=transformers.LlamaConfig(**text),
            image_token_index=image_token,
        )  # fmt: skip
        processor = transformers.LlavaProcessor(
            transformers.CLIPImageProcessorPil(
                size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
            ),
            tokenizer,
            patch_size=8,
            vision_feature_select_strategy="default",
            chat_template=template,
            image_token="[IMG]",  # noqa: S106
            num_additional_image_tokens=1,
        )
    else:
        config = transformers.LlavaConfig(
            vision_config=transformers.PixtralVisionConfig(
                hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                head_dim=8, image_size=64, patch_size=8,
            ),
            text_config=transformers.MistralConfig(**text),
            image_token_index=image_token,
            vision_feature_layer=-1,
            vision_feature_select_strategy="full",
        )  # fmt: skip
        processor = transformers.PixtralProcessor(
            transformers.PixtralImageProcessorPil(
                size={"longest_edge": 32}, patch_size={"height": 8, "width": 8}
            ),
            tokenizer,
            patch_size=8,
            chat_template=template,
        )
    torch.manual_seed(seed)
    model = transformers.LlavaForConditionalGeneration(config)
    # Random logits are nearly equal; larger ones make texts differ from picture to picture.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(transformers):
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import WordLevel

    words = [*SPECIAL, *dict.fromkeys(WORDS.split())]
    vocabulary = {word: k for k, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.Fuse()
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, additional_special_tokens=SPECIAL[4:], **names
    )
