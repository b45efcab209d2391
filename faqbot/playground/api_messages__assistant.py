"""The agent pane: assistant.threads.*."""

from __future__ import annotations

from collections.abc import Mapping

from faqbot.playground.api import Call, Endpoint, malformed
from faqbot.playground.models import Payload, Suggestions
from faqbot.playground.validation import PROMPTS


async def set_suggested_prompts(call: Call) -> Payload:
    """assistant.threads.setSuggestedPrompts; with a thread it changes nothing."""
    channel = call.channel("channel_id")
    prompts = call.structure("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise malformed("missing required field: prompts")
    if len(prompts) > PROMPTS:
        raise malformed(f"prompts: {len(prompts)} prompts, {PROMPTS} are allowed")
    for prompt in prompts:
        if not isinstance(prompt, Mapping) or not prompt.get("title") or not prompt.get("message"):
            raise malformed("prompts: each needs a title and a message")
    if not call.text("thread_ts", ""):
        call.state.suggestions[channel.id] = Suggestions(
            call.text("title", ""),
            tuple((str(prompt["title"]), str(prompt["message"])) for prompt in prompts),
        )
        call.state.pulse.beat()
    return {}


async def set_status(call: Call) -> Payload:
    """assistant.threads.setStatus; an empty status takes the line away."""
    place = (call.channel("channel_id").id, call.text("thread_ts"))
    status = call.text("status", "")
    if status:
        call.state.statuses[place] = status
    else:
        call.state.statuses.pop(place, None)
    call.state.pulse.beat()
    return {}


async def set_title(call: Call) -> Payload:
    """assistant.threads.setTitle."""
    place = (call.channel("channel_id").id, call.text("thread_ts"))
    call.state.titles[place] = call.text("title")
    call.state.pulse.beat()
    return {}


SCOPES = ("assistant:write", "chat:write")

ASSISTANT_ENDPOINTS = {
    "assistant.threads.setSuggestedPrompts": Endpoint(set_suggested_prompts, SCOPES[:1]),
    "assistant.threads.setStatus": Endpoint(set_status, SCOPES),
    "assistant.threads.setTitle": Endpoint(set_title, SCOPES[:1]),
}
