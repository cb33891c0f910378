/** `/answer`: whose request is meant, and what of the words is the decision. Sends it through the client. */
import type { Desk } from './slash.ts';
import type { OpenRequest } from './team.ts';
import { UsageError } from './usage-error.ts';

/** @param rest what was typed behind the command; throws UsageError in words */
export async function answer({ client, chat, team }: Desk, rest: string): Promise<void> {
  const { requests } = team();
  if (requests.length === 0) throw new UsageError('Nothing is asked at the moment.');
  const [, first = '', behind = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  const asking = (one: OpenRequest): string =>
    one.subagentId === undefined ? '' : team().nameOf(one.subagentId);
  const meant = requests.find((one) => asking(one) !== '' && asking(one) === first);
  const [only, second] = requests;
  if (!meant && second) {
    const names = requests.map((one) => asking(one) || 'the assistant');
    const own = requests.find(({ subagentId }) => subagentId === undefined);
    if (!own) throw new UsageError(`Who is answered? ${[...new Set(names)].join(', ')}: /answer LABEL …`);
  }
  const one = meant ?? requests.find(({ subagentId }) => subagentId === undefined) ?? only;
  if (!one) return;
  const words = meant ? behind : rest;
  if (words === '') throw new UsageError('What is the answer? /answer [LABEL] allow, deny, or words.');
  const given = { request: one.request.id, ...answerOf(one.request.kind, words) };
  if (one.subagentId === undefined) await client.answer(chat(), given);
  else await client.answerSubagent(chat(), one.subagentId, given);
}

/** To a question all of it is words; otherwise it begins with what is decided. */
export function answerOf(
  kind: OpenRequest['request']['kind'],
  words: string,
): { decision?: 'allow' | 'deny'; text?: string } {
  if (kind === 'question') return { text: words };
  const [, word = '', why = ''] = /^(\S+)\s*([\s\S]*)$/.exec(words) ?? [];
  const decision = /^(allow|yes|y)$/i.test(word) ? 'allow' : /^(deny|no|n)$/i.test(word) ? 'deny' : undefined;
  if (decision === undefined) throw new UsageError('It must begin with allow or deny; why may follow.');
  return { decision, ...(why === '' ? {} : { text: why }) };
}
