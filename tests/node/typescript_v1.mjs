// The official TypeScript SDK, version 1 (npm: @modelcontextprotocol/sdk), in the handshake era.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { given, tell } from "./story.mjs";

const client = new Client({ name: "typescript-v1", version: "1" });
const transport = given.url ? new StreamableHTTPClientTransport(new URL(given.url)) : new StdioClientTransport(given);
await client.connect(transport);
await tell(client, {
  version: transport.protocolVersion ?? null, // over standard input and output it does not tell
  subscribe: async (uri, updated) => {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => updated(params.uri));
    await client.subscribeResource({ uri });
  },
  wait: (call, onprogress) => client.callTool(call, undefined, { onprogress }),
});
