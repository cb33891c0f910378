/** A chat's subagents as a list, and one of them with all that is known of it. Asks for nothing. */
import { isEnded, type Subagent } from '../../client/index.ts';
import { marked, type Sheet } from './cards.ts';
import { clean, cleanLine } from './clean.ts';
import { cut } from './measure.ts';
import { tableOf } from './table.ts';
import { endingWords, figures, nameOf, statusWord } from './words.ts';

export function subagentTable(all: readonly Subagent[], now: number, width: number): string[] {
  const rows = all.map((one) => [
    nameOf(one),
    statusWord(one.status),
    figures(one, now),
    cleanLine(isEnded(one) ? (one.result ?? one.reason ?? one.task) : one.activity || one.task),
  ]);
  return tableOf(rows, width, 3);
}

/** A subagent with all that is known of it. @param said what it said of late, oldest first */
export function fullCard(sheet: Sheet, one: Subagent, said: readonly string[], now: number): string[] {
  const words = isEnded(one) ? endingWords(one.status) : `is ${statusWord(one.status)}`;
  const why = one.reason === undefined ? '' : `: ${one.reason}`;
  const { workspace } = one;
  return [
    ...marked(sheet, '●', 'bold', `${nameOf(one)} ${words}${why} (${figures(one, now)})`),
    ...marked(sheet, ' ', 'plain', `Task: ${one.task}`),
    ...(workspace ? marked(sheet, ' ', 'plain', `Branch: ${workspace.branch}, from ${workspace.base}`) : []),
    ...(isEnded(one) || one.activity === '' ? [] : marked(sheet, ' ', 'plain', `Now: ${one.activity}`)),
    ...said.flatMap((text) => marked(sheet, '“', 'dim', cut(clean(text), 600))),
    ...(one.result === undefined || one.result === ''
      ? []
      : marked(sheet, ' ', 'plain', `Result: ${one.result}`)),
  ];
}
