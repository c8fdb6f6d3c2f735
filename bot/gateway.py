"""The connection to Discord's gateway, as it is to be seen from outside."""

import discord


def latencies(client: discord.AutoShardedClient) -> dict[int, float | None]:
    """Return the latency of each shard, in seconds; None of one that is not connected."""
    return {number: None if shard.is_closed() else shard.latency for number, shard in client.shards.items()}
