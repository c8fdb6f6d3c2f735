"""Everything behind the network, put together."""

from aiohttp import web

from local_discord.answering import Answering
from local_discord.attachments import Attachments
from local_discord.chat import Chat
from local_discord.commands import Commands
from local_discord.gateway import Gateway
from local_discord.interactions import Interactions
from local_discord.world import World


class Core:
    """The collaborators that request handlers use."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.world = world
        self.gateway = gateway
        self.files = Attachments(world.clock)
        self.chat = Chat(world, self.files, gateway.dispatch)
        self.commands = Commands(world)
        self.interactions = Interactions(self.chat)
        self.answering = Answering(self.chat, self.interactions)
        self.base = ""

    def listen_at(self, base: str) -> None:
        """Learn the server's own address, for instance http://127.0.0.1:40001."""
        self.base = base
        self.files.base = f"{base}/cdn"

    @property
    def gateway_url(self) -> str:
        """Where websockets connect."""
        return f"{self.base.replace('http', 'ws', 1)}/gateway"

    def close(self) -> None:
        """End timers and streams."""
        self.interactions.close()
        self.chat.feed.close()


CORE = web.AppKey("core", Core)
