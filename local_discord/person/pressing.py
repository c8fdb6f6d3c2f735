"""Using components: buttons and selects."""

from collections.abc import Callable

from local_discord.guild import Json
from local_discord.limits import kinds
from local_discord.limits.components import walk
from local_discord.messages import Message
from local_discord.person.places import Act, Refused, find_channel, find_user
from local_discord.person.resolved import Resolved
from local_discord.snowflake import parse


def find_component(message: Message, custom_id: str) -> Json:
    """The component of a message with this custom_id, which must not be disabled."""
    for component in walk(message.components):
        if component.get("custom_id") == custom_id:
            if component.get("disabled"):
                raise Refused("This is disabled.")
            return component
    raise Refused("This message has no such component.", 404)


def press_data(act: Act, message: Message) -> Json:
    """A press on a button."""
    component = find_component(message, act.text("custom_id"))
    if component["type"] != kinds.BUTTON:
        raise Refused("This is not a button.")
    return _data(component)


def select_data(act: Act, message: Message) -> Json:
    """A choice in a select of any kind."""
    component = find_component(message, act.text("custom_id"))
    if component["type"] not in kinds.SELECTS:
        raise Refused("This is not a menu.")
    resolved = Resolved(act.core, message.channel, act.user)
    values = selected(act, component, act.told.get("values"), resolved)
    return {**_data(component), "values": values, **resolved.part()}


def selected(act: Act, component: Json, given: object, resolved: Resolved) -> list[str]:
    """The values chosen in a select, as many as it allows and each one known."""
    values = [str(value) for value in given] if isinstance(given, list) else []
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    if not low <= len(values) <= high or len(set(values)) != len(values):
        raise Refused(f"Choose between {low} and {high}." if low != high else f"Choose exactly {low}.")
    if component["type"] == kinds.STRING_SELECT:
        known = {option["value"] for option in component["options"]}
        if not known.issuperset(values):
            raise Refused("This menu has no such choice.")
        return values
    return [_pick(act, component, value, resolved) for value in values]


def _pick(act: Act, component: Json, value: str, resolved: Resolved) -> str:
    pickers: dict[int, tuple[Callable[[Act, str, Resolved], str | None], ...]] = {
        kinds.USER_SELECT: (_user,),
        kinds.ROLE_SELECT: (_role,),
        kinds.MENTIONABLE_SELECT: (_user, _role),
        kinds.CHANNEL_SELECT: (_channel,),
    }
    for picker in pickers[component["type"]]:
        found = picker(act, value, resolved)
        if found is not None:
            return found
    raise Refused(f"There is no “{value}” to choose.")


def _user(act: Act, value: str, resolved: Resolved) -> str | None:
    found = find_user(act.core, value)
    return None if found is None else resolved.user(found)


def _role(act: Act, value: str, resolved: Resolved) -> str | None:
    roles = [role for guild in act.core.world.guilds.values() for role in guild.roles.values()]
    found = next((role for role in roles if role.id == parse(value) or role.name == value), None)
    return None if found is None else resolved.role(found)


def _channel(act: Act, value: str, resolved: Resolved) -> str | None:
    found = find_channel(act.core, act.user, value)
    return None if found is None else resolved.channel(found)


def _data(component: Json) -> Json:
    return {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}
