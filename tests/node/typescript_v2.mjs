// The official TypeScript SDK, version 2 (npm: @modelcontextprotocol/client), in either era.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { given, tell } from "./story.mjs";

const modern = given.era !== "legacy";
const mode = modern ? { pin: given.era } : "legacy";
const client = new Client({ name: "typescript-v2", version: "1" }, { versionNegotiation: { mode } });
const transport = given.url ? new StreamableHTTPClientTransport(new URL(given.url)) : new StdioClientTransport(given);
await client.connect(transport);
await tell(client, {
  version: client.getNegotiatedProtocolVersion(),
  subscribe: async (uri, updated) => {
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => updated(params.uri));
    await (modern ? client.listen({ resourceSubscriptions: [uri] }) : client.subscribeResource({ uri }));
  },
  wait: (call, onprogress) => client.callTool(call, { onprogress }),
});
