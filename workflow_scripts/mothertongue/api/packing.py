"""Packs JSON for the store: a request is mostly its prompt, a raw answer mostly the reply's text.

Both are compressed with zlib. What every service repeats, and the text that stands beside a raw answer
in its row, are given as the dictionary, so that they cost next to nothing. Text that is not packed
(stores of version 1.0.0) is read as it is.
"""

import zlib

COMMON = (
    b'{"base_url": null, "max_tokens": 1024, "messages": [{"content": "", "role": "user"}], "model": "",'
    b' "seed": 1, "service": "openai", "service": "cohere", "service": "google", "source": "en",'
    b' "target": "", "temperature": 0.0, "text": "Please translate from English to . Do your best to'
    b" preserve the formatting. The following content should and should only be translated."
    b' {"id": "chatcmpl-", "object": "chat.completion", "created": 17, "choices": [{"index": 0,'
    b' "message": {"role": "assistant", "content": "", "refusal": null, "annotations": [], "audio": null,'
    b' "function_call": null, "tool_calls": null}, "logprobs": null, "finish_reason": "stop"}],'
    b' "service_tier": "default", "system_fingerprint": "fp_", "usage": {"prompt_tokens": ,'
    b' "completion_tokens": , "total_tokens": , "prompt_tokens_details": {"cached_tokens": 0,'
    b' "audio_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,'
    b' "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}} "finish_reason": "COMPLETE",'
    b' "message": {"role": "assistant", "content": [{"type": "text", "text": ""}], "tool_calls": null,'
    b' "tool_plan": null, "citations": null}, "usage": {"billed_units": {"input_tokens": 10,'
    b' "output_tokens": 10, "search_units": null, "classifications": null}, "tokens": {"input_tokens":'
    b' 10, "output_tokens": 10}}, "logprobs": null} {"data": {"translations": [{"translatedText": ""}]}}'
)  # part of the format: a change needs a new one
WINDOW = 32768  # bytes that zlib looks back


def _dictionary(beside: str | None) -> bytes:
    return ((beside or "").encode("utf-8", "surrogatepass") + COMMON)[-WINDOW:]


def pack(text: str | bytes | None, beside: str | None = None) -> bytes | None:
    """A text as it is stored; `beside`: the text column of its row."""
    if text is None or isinstance(text, bytes):
        return text
    packer = zlib.compressobj(6, zdict=_dictionary(beside))
    return packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()


def unpack(stored: str | bytes | None, beside: str | None = None) -> str | None:
    """The text that was packed."""
    if not isinstance(stored, bytes):
        return stored
    unpacker = zlib.decompressobj(zdict=_dictionary(beside))
    return (unpacker.decompress(stored) + unpacker.flush()).decode("utf-8", "surrogatepass")
