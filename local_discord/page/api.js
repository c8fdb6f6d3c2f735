/** The HTTP interface under /local, as one person. */

/** Reads JSON in which null and absent mean the same, as they do in Discord's objects. */
export function parse(text) {
  return JSON.parse(text, (_, value) => value ?? undefined);
}

async function answerOf(response) {
  const text = await response.text();
  const body = response.headers.get("Content-Type")?.startsWith("application/json") ? parse(text) : {};
  if (!response.ok) throw new Error(body.error ?? `The server answered ${response.status}.`);
  return body;
}

/** A request that never reached the server is told apart from one it refused. */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(30_000), ...options });
  } catch {
    throw new Error("The server cannot be reached. Is it still running?");
  }
  return answerOf(response);
}

function bodyOf(payload, files) {
  if (!files.length) return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(payload) };
  const form = new FormData();
  form.append("payload_json", JSON.stringify(payload));
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return { body: form };
}

export class Api {
  constructor(user) {
    this.user = user;
  }

  /** The world as it is before anybody is chosen: guild, channels, users. */
  static world() {
    return request("/local/world");
  }

  get(path, query = {}) {
    return request(`/local/${path}?${new URLSearchParams({ user: this.user, ...query })}`);
  }

  post(path, payload, files = []) {
    return request(`/local/${path}`, { method: "POST", ...bodyOf({ user: this.user, ...payload }, files) });
  }
}
