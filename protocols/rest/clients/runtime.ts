export interface Options {
  /** Where the hub is; without it the page's own origin. */
  readonly baseUrl?: string;
  /** A token of the hub, where it asks for one. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

export interface CallInit {
  readonly signal?: AbortSignal;
  /** A repeat with the same key answers the first outcome instead of acting twice. */
  readonly idempotencyKey?: string;
}

export interface StreamInit {
  readonly signal?: AbortSignal;
  /** The id of the last frame that was seen: the stream goes on behind it. */
  readonly lastEventId?: string;
}

export interface Frame<T> {
  readonly id?: string;
  readonly data: T;
}

/** The hub refused; `kind` says why, in a word. */
export class TriviumError extends Error {
  readonly status: number;
  readonly kind: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, message: string, kind?: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = "TriviumError";
    this.status = status;
    this.kind = kind;
    this.details = details;
  }
}

const RETRY_MS = 1_000;

class Connection {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor(options: Options = {}) {
    this.#base = (options.baseUrl ?? "").replace(/\/+$/, "");
    this.#headers = options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` };
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** Path, query and body are made of `given` by its names. */
  protected async call<T>(method: string, path: string, given: object, init: CallInit): Promise<T> {
    const headers: Record<string, string> = { ...this.#headers };
    if (init.idempotencyKey !== undefined) headers["Idempotency-Key"] = init.idempotencyKey;
    const response = await this.#send(method, path, given, headers, init.signal);
    const text = await response.text();
    return (text === "" ? undefined : response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : text) as T;
  }

  protected async *follow<T>(method: string, path: string, given: object, init: StreamInit): AsyncGenerator<Frame<T>> {
    let last = init.lastEventId;
    while (!init.signal?.aborted) {
      try {
        const headers: Record<string, string> = { ...this.#headers, Accept: "text/event-stream" };
        if (last !== undefined) headers["Last-Event-ID"] = last;
        const response = await this.#send(method, path, given, headers, init.signal);
        for await (const frame of frames<T>(response)) {
          last = frame.id ?? last;
          yield frame;
        }
      } catch (error) {
        if (init.signal?.aborted) return;
        if (error instanceof TriviumError && error.status < 500) throw error;
      }
      if (method !== "GET") return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #send(method: string, path: string, given: object, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const rest: Record<string, unknown> = { ...given };
    let url = this.#base + path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = rest[name];
      delete rest[name];
      return encodeURIComponent(String(value));
    });
    let body: string | null = null;
    if (method === "GET" || method === "DELETE") {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(rest)) if (value !== undefined && value !== null) query.set(name, String(value));
      if (query.size > 0) url += `?${query}`;
    } else {
      headers["Content-Type"] = "application/json";
      body = JSON.stringify(rest);
    }
    const response = await this.#fetch(url, { method, headers, body, signal: signal ?? null });
    if (response.ok) return response;
    const said = (await response.json().catch(() => ({}))) as { error?: string; kind?: string; details?: Record<string, unknown> };
    throw new TriviumError(response.status, said.error ?? response.statusText, said.kind, said.details);
  }
}

/** The frames of a stream of server-sent events whose data are JSON; comments are left out. */
async function* frames<T>(response: Response): AsyncGenerator<Frame<T>> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = block.split("\n");
        const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
        const id = lines.find((line) => line.startsWith("id: "))?.slice(4);
        if (data !== "") yield { ...(id === undefined ? {} : { id }), data: JSON.parse(data) as T };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
