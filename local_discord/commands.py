"""Application commands: the store, and who is offered which where."""

from collections.abc import Sequence

from local_discord import permissions
from local_discord.errors import ApiError, Form, unknown
from local_discord.guild import Channel, Json, User
from local_discord.limits.commands import (
    CHAT_INPUT,
    MESSAGE,
    MOST,
    USER,
    check_command,
    check_commands,
    kind_and_name,
)
from local_discord.payloads import BOT_DM_CONTEXT, GUILD_CONTEXT, context_of
from local_discord.world import World

Scope = int | None
#: What an edit that does not speak of it leaves as it is.
_FIELDS = (
    *("type", "name", "name_localizations", "description", "description_localizations", "options", "nsfw"),
    *("default_member_permissions", "contexts", "integration_types"),
)


class Commands:
    """The application's commands: global ones (scope None) and each guild's own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_scope: dict[Scope, dict[int, Json]] = {}

    def all(self, scope: Scope) -> list[Json]:
        """The commands of a scope, in the order in which they came."""
        return list(self._by_scope.get(scope, {}).values())

    def get(self, scope: Scope, command_id: int | None) -> Json:
        """One command, or 10063."""
        found = self._by_scope.get(scope, {}).get(command_id or 0)
        if found is None:
            raise unknown("application command")
        return found

    def create(self, scope: Scope, body: Json) -> tuple[Json, bool]:
        """Create a command, or replace the one of the same type and name; true when it is new."""
        _check(body)
        same = self._same(scope, body)
        if (
            same is None
            and sum(kind_and_name(item)[0] == kind_and_name(body)[0] for item in self.all(scope))
            >= (MOST[body.get("type") or CHAT_INPUT])
        ):
            raise ApiError(400, 30032, "Maximum number of application commands reached")
        made = self._made(scope, body, same)
        self._by_scope.setdefault(scope, {})[int(made["id"])] = made
        return made, same is None

    def edit(self, scope: Scope, command_id: int | None, body: Json) -> Json:
        """Change some keys of a command."""
        old = self.get(scope, command_id)
        merged = {**{key: old[key] for key in _FIELDS if key in old}, **body}
        if "dm_permission" in body and "contexts" not in body:
            merged["contexts"] = None
        _check(merged)
        made = self._made(scope, merged, old)
        self._by_scope[scope][int(made["id"])] = made
        return made

    def overwrite(self, scope: Scope, bodies: Sequence[Json] | None) -> list[Json]:
        """Replace every command of a scope; the ones that keep type and name keep their id."""
        bodies = [] if bodies is None else bodies
        form = Form()
        check_commands(bodies, form)
        form.finish()
        made = [self._made(scope, body, self._same(scope, body)) for body in bodies]
        self._by_scope[scope] = {int(item["id"]): item for item in made}
        return made

    def delete(self, scope: Scope, command_id: int | None) -> None:
        """Remove a command."""
        del self._by_scope[scope][int(self.get(scope, command_id)["id"])]

    def offered(self, user: User, channel: Channel) -> list[Json]:
        """The commands that somebody may use in a channel; a guild's own hides the global one of its name."""
        here = {} if channel.guild_id is None else {kind_and_name(item): item for item in self.all(channel.guild_id)}
        everywhere = {kind_and_name(item): item for item in self.all(None)}
        return [item for item in {**everywhere, **here}.values() if self._fits(item, user, channel)]

    def _fits(self, command: Json, user: User, channel: Channel) -> bool:
        contexts = command["contexts"]
        if contexts is not None and context_of(channel) not in contexts:
            return False
        if command["nsfw"] and not channel.nsfw:
            return False
        if channel.guild_id is None:
            return True
        granted = self._world.permissions(channel, user.id)
        needed = command["default_member_permissions"]
        if not granted & permissions.USE_COMMANDS:
            return False
        if needed == "0":
            return bool(granted & permissions.ADMINISTRATOR)
        return needed is None or granted & int(needed) == int(needed)

    def _same(self, scope: Scope, body: Json) -> Json | None:
        return next((item for item in self.all(scope) if kind_and_name(item) == kind_and_name(body)), None)

    def _made(self, scope: Scope, body: Json, old: Json | None) -> Json:
        number = old["id"] if old else str(self._world.ids.make())
        contexts = body.get("contexts")
        if contexts is None and body.get("dm_permission") is False:
            contexts = [GUILD_CONTEXT]
        needed = body.get("default_member_permissions")
        made: Json = {
            "id": number,
            "application_id": str(self._world.application_id),
            "version": str(self._world.ids.make()),
            "type": body.get("type") or CHAT_INPUT,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if needed is None else str(needed),
            "nsfw": bool(body.get("nsfw", False)),
            "contexts": contexts,
            "integration_types": body.get("integration_types") or [0],
        }
        if made["type"] not in (USER, MESSAGE):
            made["options"] = [_option(item) for item in body.get("options") or []]
        if scope is not None:
            return {**made, "guild_id": str(scope)}
        return {**made, "dm_permission": contexts is None or BOT_DM_CONTEXT in contexts}


def _check(body: Json) -> None:
    form = Form()
    check_command(body, (), form)
    form.finish()


def _option(option: Json) -> Json:
    """An option as it is given back: without nulls, its choices with their translations."""
    done = {key: value for key, value in option.items() if value is not None}
    if "options" in done:
        done["options"] = [_option(inner) for inner in done["options"]]
    return done
