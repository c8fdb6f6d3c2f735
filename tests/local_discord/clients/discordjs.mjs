// A bot on discord.js, told nothing but where Discord is: node discordjs.mjs REST TOKEN
import {
  ActionRowBuilder, ApplicationCommandOptionType, AttachmentBuilder, ButtonBuilder, ButtonStyle, Client, Events,
  GatewayIntentBits, ModalBuilder, StringSelectMenuBuilder, TextInputBuilder, TextInputStyle,
} from "discord.js";

const [rest, token] = process.argv.slice(2);
const client = new Client({
  intents: [GatewayIntentBits.Guilds],
  rest: { api: rest.replace(/\/v\d+$/, "") },
});
const tell = (line) => console.log(JSON.stringify(line));

client.once(Events.ClientReady, async () => {
  await client.application.commands.set([{
    name: "draw",
    description: "Draw something",
    options: [
      { name: "what", description: "What to draw", type: ApplicationCommandOptionType.String, required: true, autocomplete: true },
      { name: "count", description: "How many", type: ApplicationCommandOptionType.Integer, minValue: 1, maxValue: 4 },
    ],
  }]);
  tell({ ready: client.user.username, guilds: client.guilds.cache.map((guild) => guild.name) });
});
client.on(Events.ShardResume, (_, replayed) => tell({ resumed: true, replayed }));
client.on(Events.InteractionCreate, (interaction) => answer(interaction).catch((error) => tell({ error: `${error}` })));

async function answer(interaction) {
  if (interaction.isAutocomplete()) {
    await interaction.respond([{ name: `${interaction.options.getFocused()} cat`, value: "cat" }]);
  } else if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    const message = await interaction.editReply(picture(interaction.options.getString("what")));
    tell({ answered: message.id, attachments: message.attachments.map((file) => file.description) });
  } else if (interaction.isButton() && interaction.customId === "again") {
    await interaction.update({ content: "again", components: [] });
  } else if (interaction.isButton()) {
    await interaction.showModal(form());
  } else if (interaction.isStringSelectMenu()) {
    await interaction.deferUpdate();
    await interaction.followUp({ content: `picked ${interaction.values}`, ephemeral: true });
  } else if (interaction.isModalSubmit()) {
    await interaction.reply({ content: `wrote ${interaction.fields.getTextInputValue("prompt")}` });
  }
}

function picture(what) {
  const file = new AttachmentBuilder(Buffer.from(what), { name: "picture.txt", description: what });
  const buttons = new ActionRowBuilder().addComponents(
    new ButtonBuilder().setCustomId("again").setLabel("Again").setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId("remix").setLabel("Remix").setStyle(ButtonStyle.Secondary),
  );
  const menu = new ActionRowBuilder().addComponents(
    new StringSelectMenuBuilder().setCustomId("size").addOptions({ label: "Small", value: "s" }, { label: "Large", value: "l" }),
  );
  return { content: `drew ${what}`, files: [file], components: [buttons, menu] };
}

function form() {
  const field = new TextInputBuilder().setCustomId("prompt").setLabel("Prompt").setStyle(TextInputStyle.Paragraph);
  return new ModalBuilder().setCustomId("remix").setTitle("Remix").addComponents(new ActionRowBuilder().addComponents(field));
}

await client.login(token);
