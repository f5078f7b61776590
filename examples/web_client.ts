/**
 * The web API from TypeScript, with types for everything: a client that `trivium client` wrote.
 *
 *     trivium client typescript --output examples/trivium.ts
 *     trivium                                   # the hub, in another terminal
 *     node examples/web_client.ts               # Node 22.18 or newer runs TypeScript as it is; else compile both with tsc
 */
import { Trivium, TriviumError, type HubEvent } from "./trivium.ts";

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

const baseUrl = process.env["TRIVIUM_URL"] ?? "http://127.0.0.1:3210";
const token = process.env["TRIVIUM_TOKEN"];
const trivium = new Trivium(token === undefined ? { baseUrl } : { baseUrl, token });

/** What an event means for whoever watches a board: each name has its own data. */
function told(event: HubEvent): string {
  switch (event.name) {
    case "task.created":
      return `a task was made by ${event.by}`;
    case "task.updated":
      return `its ${event.data?.changed.join(", ")} changed`;
    case "task.deleted":
      return "it was deleted";
    default:
      return event.name;
  }
}

const { workspace } = await trivium.createWorkspace({ title: "From TypeScript" });
const here = { workspaceId: workspace.id };
const { cursor } = await trivium.getHealth();

const { task } = await trivium.createTask({ ...here, title: "Paint the door", objective: "It is green.", priority: "high" });
await trivium.updateTask({ id: task.id, labels: ["door"], expectedVersion: task.version });
const { tasks } = await trivium.listTasks({ ...here, status: "PENDING" });
console.log(`${tasks.length} task: ${tasks[0]?.title} [${tasks[0]?.labels.join()}]`);

try {
  await trivium.updateTask({ id: task.id, title: "Too late", expectedVersion: task.version });
} catch (error) {
  if (!(error instanceof TriviumError)) throw error;
  console.log(`refused with ${error.status}: ${error.kind}`);
}

await trivium.deleteTask({ id: task.id });
const watching = new AbortController();
for await (const { data } of trivium.events({ ...here, kinds: "task" }, { lastEventId: String(cursor), signal: watching.signal })) {
  console.log(told(data));
  if (data.name === "task.deleted") watching.abort();
}
await trivium.deleteWorkspace({ id: workspace.id });
