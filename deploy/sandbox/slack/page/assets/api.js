// Speaks the stand-in's page API. Every answer is data; a failure to reach the server is
// an answer too ({ok: false, error}), so that callers have one way to be told "no".

async function read(path, query = {}) {
  const search = new URLSearchParams(query).toString();
  const response = await fetch(search ? `${path}?${search}` : path, {
    headers: { accept: "application/json" },
    cache: "no-store",
  });
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => null);
  throw new Refused(answer ?? { ok: false, error: `http_${response.status}` });
}

/** The server was reached and said no; `answer` says why. */
export class Refused extends Error {
  constructor(answer) {
    super(answer.error);
    this.answer = answer;
  }
}

async function write(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => null);
    if (answer && typeof answer === "object") {
      return response.ok || answer.ok === false ? answer : { ...answer, ok: false };
    }
    return { ok: false, error: `http_${response.status}` };
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

const part = encodeURIComponent;

export const api = {
  people: () => read("/page/as"),
  state: (as) => read("/page/state", { as }),
  messages: (as, channel, limit = 200) =>
    read(`/page/channels/${part(channel)}/messages`, { as, limit }),
  thread: (as, channel, ts) =>
    read(`/page/channels/${part(channel)}/threads/${part(ts)}`, { as }),
  command: (body) => write("/page/command", body),
  message: (body) => write("/page/message", body),
  action: (body) => write("/page/action", body),
  submitView: (body) => write("/page/view/submit", body),
  closeView: (body) => write("/page/view/close", body),
  viewAction: (body) => write("/page/view/action", body),
  suggest: (body) => write("/page/suggest", body),
  eventsAddress: (as) => `/page/events?${new URLSearchParams({ as })}`,
};

const WORDS = {
  user_disabled: "This person was deactivated.",
  channel_not_found: "There is no such channel for you.",
  unreachable: "The sandbox cannot be reached. Is it still running?",
  dispatch_failed: "The app failed with the error “dispatch_failed”.",
  operation_timeout: "The app did not respond in time (operation_timeout).",
  not_in_channel: "You are not in this channel.",
};

/** What to tell a person about an answer's `error`. */
export function errorText(answer) {
  const error = String(answer?.error ?? "unknown_error");
  return WORDS[error] ?? error;
}
