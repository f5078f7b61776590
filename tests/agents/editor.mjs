// An editor on the official TypeScript SDK: what it is given as JSON says how it reaches the hub. It prints what it saw as JSON.
import { spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";
import { createHttpStream } from "@agentclientprotocol/sdk/experimental/http-client";
import { createWebSocketStream } from "@agentclientprotocol/sdk/experimental/ws-client";

const given = JSON.parse(process.argv[2]);
const { session } = acp.methods.agent;
const text = (words) => [{ type: "text", text: words }];

function streamToHub() {
  if (given.over === "socket") return createWebSocketStream(given.url.replace("http", "ws"));
  if (given.over === "events") return createHttpStream(given.url);
  const hub = spawn(given.command[0], given.command.slice(1), { stdio: ["pipe", "pipe", "inherit"], env: given.env });
  hub.on("exit", (code) => (seen.exits = [...(seen.exits ?? []), code]));
  return acp.ndJsonStream(Writable.toWeb(hub.stdin), Readable.toWeb(hub.stdout));
}

const seen = { asked: 0 };
let updates = [];
let heard = () => {};
const said = (kind) => updates.filter((one) => one.sessionUpdate === kind).map((one) => one.content.text).join("");

async function editing(work) {
  updates = [];
  const app = acp
    .client({ name: "typescript-editor" })
    .onRequest(acp.methods.client.session.requestPermission, ({ params }) => {
      seen.asked += 1;
      const allowed = params.options.find((option) => option.kind === "allow_once");
      return { outcome: { outcome: "selected", optionId: allowed.optionId } };
    })
    .onNotification(acp.methods.client.session.update, ({ params }) => {
      updates.push(params.update);
      heard();
    });
  await app.connectWith(streamToHub(), async (hub) => {
    const initialized = await hub.request(acp.methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} });
    seen.agent = initialized.agentInfo.name;
    await work(hub);
  });
}

let sessionId;
const prompt = (hub, words) => hub.request(session.prompt, { sessionId, prompt: text(words) });

await editing(async (hub) => {
  sessionId = (await hub.request(session.new, { cwd: given.cwd, mcpServers: [] })).sessionId;
  seen.first = await prompt(hub, "echo hello");
  seen.said = said("agent_message_chunk");
  await prompt(hub, "permit ls");
  const options = (await hub.request(session.setConfigOption, { sessionId, configId: "model", value: "large" })).configOptions;
  seen.model = options.find((option) => option.id === "model").currentValue;
  const waiting = new Promise((resolve) => (heard = () => said("agent_message_chunk").endsWith("at it") && resolve()));
  const slow = prompt(hub, "slow");
  await waiting;
  await hub.notify(session.cancel, { sessionId });
  seen.cancelled = (await slow).stopReason;
});

await editing(async (hub) => {
  await hub.request(session.load, { sessionId, cwd: given.cwd, mcpServers: [] });
  seen.replayed = [said("user_message_chunk"), said("agent_message_chunk").startsWith(seen.said)];
  seen.again = (await prompt(hub, "echo again")).stopReason;
  seen.listed = (await hub.request(session.list, { cwd: given.cwd })).sessions.length;
  await hub.request(session.close, { sessionId });
  await hub.request(session.delete, { sessionId });
  seen.left = (await hub.request(session.list, {})).sessions.length;
});

console.log(JSON.stringify(seen));
process.exit(0);
