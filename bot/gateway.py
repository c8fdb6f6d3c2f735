"""The connection to Discord's gateway, as it is to be seen from outside."""

import discord


def latencies(client: discord.AutoShardedClient) -> dict[int, float | None]:
    """Return the latency of each shard that there is to be, in seconds; None of one that is not connected."""
    return {number: _latency(client.shards.get(number)) for number in range(client.shard_count or 0)}


def _latency(shard: discord.ShardInfo | None) -> float | None:
    return None if shard is None or shard.is_closed() else shard.latency
