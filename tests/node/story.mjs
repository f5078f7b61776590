// What a TypeScript client does with the hub. Each step is told in a line of JSON, as tests/clients/stories.py knows it.
export const given = JSON.parse(process.argv[2]); // {"url": …} or {"command": …, "args": […], "cwd": …}, "era", "create", "prompt"

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

// `version` is the negotiated one; `subscribe` follows a URI; `wait` calls a tool, with a callback for its progress.
export async function tell(client, { version, subscribe, wait }) {
  const { structuredContent: task } = await client.callTool({ name: "create_task", arguments: given.create });
  const uri = `hub://tasks/${task.id}`;
  const { messages } = await client.getPrompt({ name: "start_working", arguments: given.prompt });
  const ref = { type: "ref/prompt", name: "start_working" };
  const { completion } = await client.complete({ ref, argument: { name: "role", value: "d" } });
  say({
    version,
    tools: (await client.listTools()).tools.map((tool) => tool.name),
    resources: (await client.listResources()).resources.map((resource) => resource.uri),
    templates: (await client.listResourceTemplates()).resourceTemplates.map((template) => template.uriTemplate),
    prompts: (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    task,
    read: (await client.readResource({ uri })).contents[0].text,
    prompt: messages[0].content.text,
    completed: completion.values,
  });

  let updated;
  const told = new Promise((resolve) => (updated = resolve));
  await subscribe(uri, updated);
  const progress = [];
  const waiting = wait({ name: "wait_for_task", arguments: { taskId: task.id } }, (one) => {
    if (progress.push(one.progress) === 1) say({ begun: true }); // now the task may be completed
  });
  say({ updated: await told });
  say({ progress, answer: (await waiting).structuredContent });
  await client.close();
}
