"""The connection to Discord's gateway, as it is to be seen from outside."""

import discord


def latencies(client: discord.Client) -> dict[int, float | None]:
    """Return the latency of each shard, in seconds; None of one that is not connected."""
    if isinstance(client, discord.AutoShardedClient):
        return {number: None if shard.is_closed() else shard.latency for number, shard in client.shards.items()}
    connection = client.ws  # None until the first one
    return {0: connection.latency if connection is not None and connection.open else None}
