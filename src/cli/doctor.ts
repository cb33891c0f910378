/** `tidings doctor`: what was found, for a terminal of 80 columns, or as JSON. Looks at nothing itself. */
import { styleText } from 'node:util';
import { examine } from '../hosts/node/doctor/doctor.ts';
import type { Finding } from '../hosts/node/doctor/finding.ts';

type Print = (line: string) => void;

const USAGE = 2;
const COLUMNS = 80;
const colours = { ok: 'green', warning: 'yellow', problem: 'red' } as const;
/** Where the words begin: behind the longest status and an ordinary check. */
const INDENT = 23;

/** Resolves with the exit code: 1 if there is a problem. */
export async function doctor(args: readonly string[], print: Print, complain: Print): Promise<number> {
  const json = args[0] === '--json';
  if (args.length > (json ? 1 : 0)) {
    complain(`tidings doctor takes --json or nothing, not "${args[json ? 1 : 0]}".`);
    return USAGE;
  }
  const findings = await examine({ env: process.env, cwd: process.cwd() });
  const problems = findings.filter(({ status }) => status === 'problem').length;
  if (json) print(JSON.stringify({ ok: problems === 0, findings }, null, 2));
  else {
    const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
    for (const finding of findings) for (const line of lines(finding, coloured)) print(line);
    const warnings = findings.filter(({ status }) => status === 'warning').length;
    print('');
    print(`${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`);
  }
  return problems === 0 ? 0 : 1;
}

function counted(count: number, one: string): string {
  return `${count === 0 ? 'No' : count} ${one}${count === 1 ? '' : 's'}`;
}

function lines({ check, status, found, todo }: Finding, coloured: boolean): string[] {
  const words = [...wrap(found), ...(todo === undefined ? [] : wrap(`-> ${todo}`))];
  const mark = status.padEnd(9);
  const head = `${coloured ? styleText(colours[status], mark, { validateStream: false }) : mark}${check.padEnd(INDENT - 10)} `;
  const fits = check.length <= INDENT - 10;
  return [
    ...(fits ? [`${head}${words[0] ?? ''}`] : [head.trimEnd()]),
    ...words.slice(fits ? 1 : 0).map((line) => `${' '.repeat(INDENT)}${line}`),
  ];
}

/** At blanks; what has none for too long, such as a path, stands on a line of its own. */
function wrap(text: string): string[] {
  const wrapped: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS - INDENT) {
      wrapped.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...wrapped, line];
}
