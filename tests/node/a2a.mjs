// What the JavaScript SDK's client (npm: @a2a-js/sdk) does with an agent of the hub. Each step is told in a line of JSON.
import { randomUUID } from "node:crypto";
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory, RestTransportFactory } from "@a2a-js/sdk/client";

const given = JSON.parse(process.argv[2]); // {"card": its address, "binding", "version"}
const say = (step, told) => process.stdout.write(JSON.stringify({ [step]: told }) + "\n");

const card = await (await fetch(given.card)).json();
card.supportedInterfaces = card.supportedInterfaces.filter(
  (one) => one.protocolBinding === given.binding && one.protocolVersion === given.version,
);
if (given.version === "0.3") delete card.supportedInterfaces; // what an agent of that version has
const legacyCompat = { enabled: given.version === "0.3" };
const factory = new ClientFactory({
  transports: [new JsonRpcTransportFactory({ legacyCompat }), new RestTransportFactory({ legacyCompat })],
  preferredTransports: [given.binding],
  cardResolver: new DefaultAgentCardResolver({ legacyCompat }),
});
const client = await factory.createFromAgentCard(card);

const saying = (text, task, configuration = {}) => ({
  message: {
    messageId: randomUUID(), role: 1, parts: [{ content: { $case: "text", value: text }, filename: "", mediaType: "" }],
    taskId: task?.id ?? "", contextId: task?.contextId ?? "", extensions: [], referenceTaskIds: [],
  },
  configuration: { acceptedOutputModes: [], returnImmediately: false, ...configuration },
  tenant: "",
});
const state = (event) => event.payload.value.status?.state;
const text = (parts) => parts.map((part) => (part.content.$case === "text" ? part.content.value : "")).join("");
const failing = async (work) => {
  try {
    await work();
  } catch (error) {
    return (error.cause ?? error).name;
  }
  return null;
};
const drained = async (stream) => {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
};

const task = await client.sendMessage(saying("echo hello"));
const [echo] = task.artifacts.filter((one) => one.name === "echo");
say("sent", { state: task.status.state, said: text(task.status.message.parts), data: echo.parts[1].content.value });
const image = (await client.sendMessage(saying("image"))).artifacts.find((one) => one.name === "image").parts[0];
say("image", { bytes: Buffer.from(image.content.value).toString("base64"), mediaType: image.mediaType });

const events = await drained(client.sendMessageStream(saying("stream")));
const pieces = events.filter((event) => event.payload.$case === "artifactUpdate").map((event) => event.payload.value);
say("streamed", {
  first: events[0].payload.$case, last: state(events.at(-1)),
  text: pieces.filter((one) => one.artifact.name === "poem").map((one) => text(one.artifact.parts)).join(""),
});

const asked = await drained(client.sendMessageStream(saying("ask")));
const question = asked[0].payload.value;
const answered = await client.sendMessage(saying("blue", question));
say("asked", { state: state(asked.at(-1)), said: text(answered.status.message.parts) });

const again = await client.getTask({ id: task.id, tenant: "" });
say("got", { id: again.id === task.id, history: again.history.map((one) => text(one.parts)) });
const listing = { contextId: task.contextId, status: 0, pageToken: "", tenant: "" };
say("listed", given.version === "0.3" ? null : (await client.listTasks(listing)).tasks.length);

const waiting = await client.sendMessage(saying("wait", null, { returnImmediately: true }));
const config = { taskId: waiting.id, id: "mine", url: "http://127.0.0.1:9/hook", token: "t", authentication: undefined, tenant: "" };
const made = await client.createTaskPushNotificationConfig(config);
const got = await client.getTaskPushNotificationConfig({ taskId: waiting.id, id: "mine", tenant: "" });
const listed = async () => (await client.listTaskPushNotificationConfig({ taskId: waiting.id, tenant: "" })).configs.map((one) => one.id);
const before = await listed();
await client.deleteTaskPushNotificationConfig({ taskId: waiting.id, id: "mine", tenant: "" });
say("push", { made: made.id, got: got.url, before, after: await listed() });

const subscription = client.resubscribeTask({ id: waiting.id, tenant: "" });
const first = await subscription.next();
const canceled = await client.cancelTask({ id: waiting.id, tenant: "", metadata: undefined });
const rest = await drained(subscription);
say("canceled", { first: first.value.payload.$case, state: canceled.status.state, last: state(rest.at(-1)) });

say("failed", {
  unknown: await failing(() => client.getTask({ id: "no-such-task", tenant: "" })),
  cancel: await failing(() => client.cancelTask({ id: task.id, tenant: "" })),
  more: await failing(() => client.sendMessage(saying("more", task))),
  subscribe: await failing(() => drained(client.resubscribeTask({ id: task.id, tenant: "" }))),
});
say("card", (await client.getAgentCard()).name);
