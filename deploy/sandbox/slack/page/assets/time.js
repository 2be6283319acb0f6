// Says times as Slack does, in the reader's own locale and zone. Slack's `ts` is a string
// of epoch seconds with microseconds; it is an identity first, so it is parsed only here.

export function moment(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

const say = (options) => {
  const format = new Intl.DateTimeFormat(navigator.language, options);
  return (date) => (Number.isNaN(date.getTime()) ? "" : format.format(date));
};

export const clock = say({ hour: "2-digit", minute: "2-digit" });
export const fullTime = say({ dateStyle: "full", timeStyle: "medium" });

const SAY = {
  date_num: (date) => (Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10)),
  date_slash: say({ year: "numeric", month: "2-digit", day: "2-digit" }),
  date: say({ year: "numeric", month: "long", day: "numeric" }),
  date_short: say({ year: "numeric", month: "short", day: "numeric" }),
  date_long: say({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
  time: clock,
  time_secs: say({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago: (date) => ago(date),
};

/** The local calendar day, as a key: two messages with the same key need no divider. */
export function dayKey(ts) {
  const date = moment(ts);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function nearDay(date) {
  const today = new Date();
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate());
  const days = Math.round((midnight(date) - midnight(today)) / 86_400_000);
  return { 0: "Today", [-1]: "Yesterday", 1: "Tomorrow" }[days] ?? null;
}

export function dayName(ts) {
  const date = moment(ts);
  return nearDay(date) ?? say({ weekday: "long", month: "long", day: "numeric" })(date);
}

export function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(navigator.language, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

/** Slack's `<!date^…>` template, such as "{date_short} at {time}", filled in. */
export function fromTemplate(seconds, template) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return String(template).replace(/\{([a-z_]{1,30})\}/g, (whole, name) => {
    const plain = name.replace(/_pretty$/, "");
    if (name !== plain && nearDay(date)) return nearDay(date).toLowerCase();
    return SAY[plain]?.(date) ?? whole;
  });
}
