"""The parameters of 0.3's methods, and push configurations, in both versions (0.3 §7)."""

from typing import Any

from hub.domain.errors import Invalid
from hub.ports import Json
from protocols.a2a.v03 import expect_object, message_from_v03, message_to_v03, picked, renamed


def send_from_v03(given: Any) -> Json:
    """MessageSendParams -> SendMessageRequest. Who does not say `blocking` waits, as in 1.0."""
    params = expect_object(given, "params")
    made = {"message": message_from_v03(params.get("message")), **picked(params, "metadata")}
    if params.get("configuration") is not None:
        made["configuration"] = _configuration_from_v03(expect_object(params["configuration"], "configuration"))
    return made


def send_to_v03(request: Json) -> Json:
    made = {"message": message_to_v03(request["message"]), **picked(request, "metadata")}
    if configuration := request.get("configuration"):
        old = picked(configuration, "acceptedOutputModes", "historyLength")
        if "taskPushNotificationConfig" in configuration:
            old["pushNotificationConfig"] = push_to_v03(configuration["taskPushNotificationConfig"])["pushNotificationConfig"]
        made["configuration"] = {**old, "blocking": not configuration.get("returnImmediately", False)}
    return made


def get_from_v03(given: Any) -> Json:
    """TaskQueryParams -> GetTaskRequest. In 0.3 a history of 0 messages is the whole one."""
    params = identified(given)
    return {"id": params["id"], **history_from_v03(params.get("historyLength"))}


def history_from_v03(length: Any) -> Json:
    if length is None or length == 0:
        return {}
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Invalid("historyLength: it must be a whole number, 0 or more")
    return {"historyLength": length}


def push_from_v03(given: Any) -> Json:
    """TaskPushNotificationConfig with its PushNotificationConfig -> the flat one of 1.0. Raises Invalid."""
    params = expect_object(given, "params")
    if not isinstance(params.get("taskId"), str):
        raise Invalid("taskId: it must be the id of a task")
    config = expect_object(params.get("pushNotificationConfig"), "pushNotificationConfig")
    return {"taskId": params["taskId"], **_config_from_v03(config)}


def push_to_v03(config: Json) -> Json:
    old = picked(config, "id", "url", "token")
    if (authentication := config.get("authentication")) is not None:
        scheme = authentication.get("scheme")
        old["authentication"] = {"schemes": [scheme] if scheme else [], **picked(authentication, "credentials")}
    return {"taskId": config.get("taskId", ""), "pushNotificationConfig": old}


def identified(given: Any) -> Json:
    """Parameters that name a task by `id`. Raises Invalid."""
    params = expect_object(given, "params")
    if not isinstance(params.get("id"), str) or not params["id"]:
        raise Invalid("id: it must be the id of a task")
    return params


def config_named(given: Any, optional: bool = False) -> Json:
    """Parameters that name a push configuration of a task -> those of 1.0; without `id` where it may be left out. Raises Invalid."""
    params = identified(given)
    named = renamed(params, {"id": "taskId", "pushNotificationConfigId": "id"})
    if "id" not in named and not optional:
        raise Invalid("pushNotificationConfigId: it must be the id of a configuration of this task")
    return named


def _configuration_from_v03(given: Json) -> Json:
    made = {**picked(given, "acceptedOutputModes"), **history_from_v03(given.get("historyLength"))}
    if given.get("pushNotificationConfig") is not None:
        made["taskPushNotificationConfig"] = _config_from_v03(expect_object(given["pushNotificationConfig"], "pushNotificationConfig"))
    if given.get("blocking") is not None:
        made["returnImmediately"] = not given["blocking"]
    return made


def _config_from_v03(config: Json) -> Json:
    made = picked(config, "id", "url", "token")
    if config.get("authentication") is not None:
        authentication = expect_object(config["authentication"], "authentication")
        schemes = authentication.get("schemes") or []
        if not isinstance(schemes, list):
            raise Invalid("authentication.schemes: it must be a list")
        made["authentication"] = {**({"scheme": schemes[0]} if schemes else {}), **picked(authentication, "credentials")}
    return made
