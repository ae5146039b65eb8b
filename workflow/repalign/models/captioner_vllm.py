"""Vision-language models by vLLM, as for the published captions. It needs a GPU."""

from __future__ import annotations

import base64
from types import ModuleType
from typing import Any

from repalign.errors import RepalignError
from repalign.models.captioning import ModelChoice
from repalign.models.images import Images

MAX_MODEL_LEN = 12_288
"""Tokens of picture, prompt and text together, as published."""
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}

Message = dict[str, Any]


def media_type(content: bytes, name: str) -> str:
    """Return the media type of the bytes of a picture file.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name, for the message.

    Raises
    ------
    RepalignError
        If it is neither a JPEG nor a PNG file.
    """
    for mark, kind in _KINDS.items():
        if content.startswith(mark):
            return kind
    raise RepalignError(
        f"a file that begins with {content[:8]!r}",
        where=name,
        expected="a JPEG or PNG file, which is what vLLM is sent",
        remedy="Convert the picture, or use `captions.backend: transformers`.",
    )


def chat(prompt: str, content: bytes, name: str) -> list[Message]:
    """Build a conversation: one message of the user, the text first and then the picture.

    Parameters
    ----------
    prompt : str
        What is asked.
    content : bytes
        JPEG or PNG file, sent as it is in a data URL.
    name : str
        Its name, for messages.

    Returns
    -------
    list of dict
        In the form of OpenAI's chat interface.
    """
    url = f"data:{media_type(content, name)};base64,{base64.b64encode(content).decode()}"
    parts = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
    return [{"role": "user", "content": parts}]


def engine_options(choice: ModelChoice) -> dict[str, Any]:
    """Return the arguments of `vllm.LLM` for a model."""
    return {
        "model": choice.weights,
        # Mistral's own models come with its tokenizer and not with a chat template.
        "tokenizer_mode": "mistral" if choice.model.startswith("mistralai/") else "auto",
        "max_model_len": MAX_MODEL_LEN,
        "revision": choice.revision or None,
        "dtype": choice.precision,
        "seed": choice.seed,
        "trust_remote_code": False,
    }


def sampling_options(choice: ModelChoice, image: int) -> dict[str, Any]:
    """Return the arguments of `vllm.SamplingParams` for an image."""
    limit = {"max_tokens": choice.max_new_tokens}
    if choice.sampling:
        return {**limit, "temperature": 1.0, "seed": choice.image_seed(image)}
    return {**limit, "temperature": 0.0}


class VllmCaptioner:
    """A model of vLLM; used in a `with` block.

    Parameters
    ----------
    choice : ModelChoice
        The model and how it answers.

    Attributes
    ----------
    facts : dict of str to str
        Version of the library.

    Raises
    ------
    RepalignError
        If vLLM is not there or cannot load the model.
    """

    def __init__(self, choice: ModelChoice) -> None:
        self.choice = choice
        self.facts: dict[str, str] = {}

    def __enter__(self) -> VllmCaptioner:
        self._vllm = _import_vllm()
        try:
            self._engine = self._vllm.LLM(**engine_options(self.choice))
        except (OSError, ValueError, RuntimeError) as error:
            raise RepalignError(
                f"a model that cannot be loaded ({error})",
                where=self.choice.weights,
                expected="a vision-language model that vLLM knows, and a GPU with room for it",
                remedy="Correct captions.model, or use `captions.backend: transformers`.",
            ) from error
        self.facts = {"vllm": str(self._vllm.__version__)}
        return self

    def __exit__(self, *_: object) -> None:
        del self._engine

    def describe(self, images: Images, k: int, prompt: str) -> str:
        """Return what the model says of picture `k`, without white space around it."""
        parameters = self._vllm.SamplingParams(**sampling_options(self.choice, int(images.ids[k])))
        messages = chat(prompt, images.encoded(k), images.name(k))
        answers = self._engine.chat(messages, sampling_params=parameters, use_tqdm=False)
        return str(answers[0].outputs[0].text).strip()


def _import_vllm() -> ModuleType:
    """Import vLLM, or say how to do without."""
    try:
        import vllm
    except (ImportError, OSError, RuntimeError) as error:
        raise RepalignError(
            f"vLLM cannot be imported ({error})",
            where="captions.backend: vllm",
            expected="vLLM, on a machine with a GPU",
            remedy="Install vLLM (pip install vllm), or use `captions.backend: transformers`.",
        ) from error
    module: ModuleType = vllm
    return module
