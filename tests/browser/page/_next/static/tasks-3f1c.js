// The tasks of a workspace, as they are: read again whenever the hub says that something changed. Each says when it was shown.
const workspace = document.documentElement.dataset.workspace;
const backend = new URLSearchParams(location.search).get("backend") ?? "";
const list = document.getElementById("tasks");
const state = document.getElementById("state");
let wanted = 0;

const show = (tasks) => {
  const shown = new Map([...list.children].map((item) => [item.dataset.id, item]));
  list.replaceChildren(...tasks.map((task) => {
    const text = `${task.title}: ${task.status}`;
    const item = shown.get(task.id) ?? document.createElement("li");
    if (item.textContent !== text)
      Object.assign(item, { textContent: text }).dataset.at = String(performance.timeOrigin + performance.now());
    item.dataset.id = task.id;
    return item;
  }));
};

const read = async () => {
  const asked = ++wanted;
  const answer = await fetch(`${backend}/api/tasks?workspaceId=${encodeURIComponent(workspace)}`);
  const { tasks } = await answer.json();
  if (asked === wanted) show(tasks);
};

const events = new EventSource(`${backend}/api/kanban/events?workspaceId=${encodeURIComponent(workspace)}`);
events.onerror = () => { state.textContent = "disconnected"; };
events.onmessage = () => read().then(() => { state.textContent = "connected"; });
