/**
 * A chat as JSON lines: every event as it is stored, so that nothing is lost, but for the secrets by which sessions
 * know their own announcements. Never interprets an event beyond finding those.
 */
import type { Export } from './export.ts';

/** One line about the export, then one for each event. */
export async function* jsonLines(all: Export): AsyncGenerator<string> {
  const { chat, at, sessions } = all;
  yield `${JSON.stringify({
    tidings: 'export',
    format: 1,
    chat,
    at,
    sessions: sessions.map(({ id, path, parent, createdAt, seq }) => ({
      id,
      path,
      parent,
      createdAt,
      events: seq,
    })),
  })}\n`;
  for (const session of sessions) {
    const head = `{"session":${JSON.stringify(session.id)},"path":${JSON.stringify(session.path)}`;
    for await (const { seq, at: when, event } of all.rows(session)) {
      const version = /^\{"v":(\d+)/.exec(event)?.[1] ?? 'null';
      yield `${head},"seq":${seq},"at":${when},"version":${version},"event":${withoutSecret(event)}}\n`;
    }
  }
}

/** The events that hold a session's secret: at its birth, and with the task that goes to it. */
const bearing =
  /^\{"v":\d+,(?:"worked":[\d.]+,)?"type":"(?:session\.created|subagent\.spawned|mail\.(?:posted|accepted))"/;

function withoutSecret(stored: string): string {
  if (!bearing.test(stored) || !stored.includes('"secret"')) return stored;
  const event: unknown = JSON.parse(stored);
  for (const holder of [
    event,
    part(event, 'spec'),
    part(part(event, 'body'), 'spec'),
    part(part(part(event, 'mail'), 'body'), 'spec'),
  ]) {
    if (isObject(holder) && 'secret' in holder) holder.secret = '';
  }
  return JSON.stringify(event);
}

function part(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
