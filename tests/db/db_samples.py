"""Who and where the database's tests take place."""

GUILD, OTHER_GUILD, CHANNEL, ALICE, BOB = ((1 << 60) + number for number in range(5))
