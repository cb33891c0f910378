/**
 * The main session's feed: a function of its log, on which every spawn, every ending and every word of a person
 * stands exactly once.
 */
import { type FeedEvent, feedSchemas, project } from '../../../src/core/feed.ts';
import { CHAT } from '../people.ts';
import type { Chronicle } from './chronicle.ts';

export function judgeFeed({ world, sessions, main }: Chronicle): string[] {
  if (!main) return ['there is no main session'];
  const found: string[] = [];
  const shown: FeedEvent[] = main.log.flatMap((recorded) => project(CHAT, recorded) ?? []);
  const spawned = new Map<string, number>();
  const ended = new Map<string, number>();
  const read = new Map<string, number>();
  const said = new Map<string, number>();
  const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  for (const event of shown) {
    const checked = feedSchemas[event.name].safeParse(event.data);
    if (!checked.success)
      found.push(`the feed's ${event.name} at ${event.data.seq} is malformed: ${checked.error.message}`);
    switch (event.name) {
      case 'subagent.spawned':
        count(spawned, event.data.subagent.id);
        break;
      case 'subagent.ended':
        count(ended, `${event.data.subagent.id} ${event.data.subagent.attempt}`);
        break;
      case 'announcement.read':
        count(read, `${event.data.subagentId} ${event.data.attempt}`);
        break;
      case 'message':
        if (event.data.message.role === 'user') count(said, event.data.message.text);
        break;
    }
  }
  for (const { id, name, log } of sessions.values()) {
    if (id === CHAT) continue;
    if (spawned.get(id) !== 1)
      found.push(`the feed shows the birth of ${name} ${spawned.get(id) ?? 0} times`);
    spawned.delete(id);
    for (const { event } of log) {
      if (event.type !== 'attempt.ended') continue;
      const key = `${id} ${event.attempt}`;
      if (ended.get(key) !== 1)
        found.push(`the feed shows the end of ${name} ${event.attempt} ${ended.get(key) ?? 0} times`);
      ended.delete(key);
    }
  }
  for (const key of [...spawned.keys(), ...ended.keys()])
    found.push(`the feed shows ${key}, which never was`);
  for (const [key, n] of read) if (n > 1) found.push(`the feed shows that ${key} was read ${n} times`);
  for (const { command, outcome } of world.people.askings) {
    if (command.type !== 'say') continue;
    const [part] = command.parts;
    const words = part?.type === 'text' ? part.text : '';
    const due = outcome?.ok ? 1 : 0;
    if ((said.get(words) ?? 0) !== due)
      found.push(`"${words}" stands on the feed ${said.get(words) ?? 0} times`);
  }
  return found;
}
