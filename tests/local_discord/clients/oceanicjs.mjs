// The bot of discordjs.mjs on Oceanic, with a compressed gateway: node oceanicjs.mjs REST TOKEN
import { ApplicationCommandOptionTypes as Options, ButtonStyles, Client, ComponentTypes, InteractionTypes, TextInputStyles } from "oceanic.js";

const [rest, token] = process.argv.slice(2);
const client = new Client({ auth: `Bot ${token}`, gateway: { intents: ["GUILDS"], compress: "zlib-stream" }, rest: { baseURL: rest } });
const tell = (line) => console.log(JSON.stringify(line));

client.once("ready", async () => {
  await client.application.bulkEditGlobalCommands([{
    type: 1,
    name: "draw",
    description: "Draw something",
    options: [
      { name: "what", description: "What to draw", type: Options.STRING, required: true, autocomplete: true },
      { name: "count", description: "How many", type: Options.INTEGER, minValue: 1, maxValue: 4 },
    ],
  }]);
  tell({ ready: client.user.username, guilds: client.guilds.map((guild) => guild.name) });
});
client.on("shardResume", () => tell({ resumed: true }));
client.on("error", (error) => tell({ error: `${error}` }));
client.on("interactionCreate", (interaction) => answer(interaction).catch((error) => tell({ error: `${error}` })));

async function answer(interaction) {
  if (interaction.type === InteractionTypes.APPLICATION_COMMAND_AUTOCOMPLETE) {
    await interaction.result([{ name: `${interaction.data.options.getFocused().value} cat`, value: "cat" }]);
  } else if (interaction.type === InteractionTypes.APPLICATION_COMMAND) {
    await interaction.defer();
    const message = await interaction.editOriginal(picture(interaction.data.options.getString("what", true)));
    tell({ answered: message.id, attachments: message.attachments.map((file) => file.description) });
  } else if (interaction.type === InteractionTypes.MODAL_SUBMIT) {
    await interaction.createMessage({ content: `wrote ${interaction.data.components.getTextInput("prompt")}` });
  } else if (interaction.data.customID === "again") {
    await interaction.editParent({ content: "again", components: [] });
  } else if (interaction.data.customID === "remix") {
    await interaction.createModal(form());
  } else {
    await interaction.deferUpdate();
    await interaction.createFollowup({ content: `picked ${interaction.data.values.raw}`, flags: 64 });
  }
}

function picture(what) {
  const button = (customID, label, style) => ({ type: ComponentTypes.BUTTON, customID, label, style });
  const sizes = [{ label: "Small", value: "s" }, { label: "Large", value: "l" }];
  const row = (...components) => ({ type: ComponentTypes.ACTION_ROW, components });
  return {
    content: `drew ${what}`,
    files: [{ name: "picture.txt", contents: Buffer.from(what), index: 0 }],
    attachments: [{ id: "0", description: what }],
    components: [
      row(button("again", "Again", ButtonStyles.PRIMARY), button("remix", "Remix", ButtonStyles.SECONDARY)),
      row({ type: ComponentTypes.STRING_SELECT, customID: "size", options: sizes }),
    ],
  };
}

function form() {
  const field = { type: ComponentTypes.TEXT_INPUT, customID: "prompt", label: "Prompt", style: TextInputStyles.PARAGRAPH };
  return { customID: "remix", title: "Remix", components: [{ type: ComponentTypes.ACTION_ROW, components: [field] }] };
}

await client.connect();
