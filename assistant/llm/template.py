"""A model's own chat template, from its file, made to say the same of the static part on every turn."""

from collections.abc import Sequence
from typing import Any

import jinja2

from assistant.errors import AssistantError
from assistant.llm import Message, engine

engine.prepare_threads()  # must come before the library below is loaded

from llama_cpp.llama_chat_format import Jinja2ChatFormatter  # noqa: E402

NO_DATE = "given with the question"
"""What templates get that want to write today's date into the system message (Llama 3): a date there would change
the static part at midnight, and stands with the question anyway."""


class _Formatter(Jinja2ChatFormatter):
    @staticmethod
    def strftime_now(_format: str) -> str:
        return NO_DATE


class ChatTemplate:
    """Renders conversations. Thinking is turned off where the template has a switch for it."""

    def __init__(self, template: str, *, bos: str, eos: str) -> None:
        """Raises jinja2.TemplateError, ValueError, TypeError or AssistantError for a template that does not work."""
        self._format = _Formatter(template, eos_token=eos, bos_token=bos)
        self.render([Message("system", "a"), Message("user", "b")])

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt text for `messages`, up to where the model begins to answer. Raises as on making."""
        plain: list[Any] = [{"role": message.role, "content": _harmless(message.content)} for message in messages]
        try:
            return self._rendered(plain)
        except (jinja2.TemplateError, ValueError):
            if not plain or plain[0]["role"] != "system":
                raise
        # some templates know no system role: its text then opens the first question
        first, *rest = plain
        if not rest:
            raise AssistantError("a conversation needs a question")
        rest[0] = {"role": rest[0]["role"], "content": f"{first['content']}\n\n{rest[0]['content']}"}
        return self._rendered(rest)

    def _rendered(self, plain: list[Any]) -> str:
        return str(self._format(messages=plain, enable_thinking=False, date_string=NO_DATE).prompt)


def _harmless(content: str) -> str:
    """A question cannot speak in the template's own markers."""
    for marker in ("<start_of_turn>", "<end_of_turn>", "</s>", "<bos>", "<eos>"):
        content = content.replace(marker, "")
    return content.replace("<|", "< |")
