/**
 * New prefixes: what must never be forgotten stands in each that follows a summary, whatever the summary says.
 */
import { isEnded } from '../../../src/core/subagents.ts';
import type { Chronicle, History } from './chronicle.ts';

export function judgePrefixes({ sessions }: Chronicle): string[] {
  return [...sessions.values()].flatMap(judgeHistory);
}

function judgeHistory({ name, log, states }: History): string[] {
  const found: string[] = [];
  let task: string | undefined;
  const words: { id: string; seq: number; text: string }[] = [];
  const quarantined = new Set<string>();
  for (const [index, { event, seq }] of log.entries()) {
    if (event.type === 'mail.accepted' && event.body.kind === 'task') task = event.body.spec.task;
    if (event.type === 'mail.accepted' && event.body.kind === 'message') {
      words.push({ id: `${event.sender}#${event.n}`, seq, text: event.body.text });
    }
    if (event.type === 'mail.settled' && event.how === 'withdrawn') quarantined.add(event.mail);
    if (event.type !== 'prefix.started' || event.because !== 'compaction') continue;
    const state = states[index];
    const told = JSON.stringify([event.carried, event.pending]);
    const lost = (what: string): void => {
      found.push(`${name}: the prefix at ${index + 1} forgets ${what}`);
    };
    for (const card of Object.values(state?.tree.cards ?? {})) {
      if (!isEnded(card.status) && !told.includes(card.id)) lost(`${card.path}, which is ${card.status}`);
      for (const { id } of card.requests ?? []) if (!told.includes(id)) lost(`what ${card.path} asks`);
    }
    if (task !== undefined && !told.includes(task)) lost('its task');
    const leftOut = new Set(state?.quarantined);
    const latest = words.findLast((one) => !quarantined.has(one.id) && !leftOut.has(one.seq));
    if (latest && !told.includes(latest.text)) lost(`what was said last, ${latest.text}`);
  }
  return found;
}
