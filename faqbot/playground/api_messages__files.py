"""Files: files.getUploadURLExternal, files.completeUploadExternal."""

from __future__ import annotations

from collections.abc import Mapping

from faqbot.playground.api import Call, Endpoint, Refusal, malformed
from faqbot.playground.models import Message, Payload


async def get_upload_url(call: Call) -> Payload:
    """files.getUploadURLExternal."""
    name, length = call.text("filename"), call.number("length", 0)
    if length <= 0:
        raise malformed("must be more than 0: length")
    file_id = call.state.new_id("F")
    call.state.files[file_id] = {"id": file_id, "name": name, "title": name, "size": length}
    return {"upload_url": f"{call.text('_base')}upload/{file_id}", "file_id": file_id}


async def complete_upload(call: Call) -> Payload:
    """files.completeUploadExternal."""
    asked = call.structure("files")
    if not isinstance(asked, list) or not asked:
        raise malformed("missing required field: files")
    files = [_uploaded(call, file) for file in asked]
    if call.text("channel_id", ""):
        channel = call.joined_channel("channel_id")
        state = call.state
        names = ", ".join(str(file["title"]) for file in files)
        message = state.put(
            Message(
                ts=state.new_ts(),
                channel=channel.id,
                user=state.setup.bot_user_id,
                text=call.text("initial_comment", ""),
                thread_ts=call.text("thread_ts", ""),
                bot=True,
                attachments=({"fallback": names, "title": names, "files": files},),
            )
        )
        call.delivery.message_posted(message)
    return {"files": files}


def _uploaded(call: Call, file: object) -> Payload:
    kept = call.state.files.get(str(file.get("id"))) if isinstance(file, Mapping) else None
    if kept is None or "content" not in kept or not isinstance(file, Mapping):
        raise Refusal("file_not_found")
    kept["title"] = str(file.get("title") or kept["name"])
    return {key: value for key, value in kept.items() if key != "content"}


FILE_ENDPOINTS = {
    "files.getUploadURLExternal": Endpoint(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Endpoint(complete_upload, ("files:write",)),
}
