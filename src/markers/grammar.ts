/**
 * The markers: which there are, what each means, and what of a line of text is one. The one table of them. Knows no
 * streams and no sessions.
 */

export const markerGroups = ['sessions', 'manager'] as const;
export type MarkerGroup = (typeof markerGroups)[number];

/** Characters of a line that may be a marker; a longer one is text. */
export const LINE_CHARS = 16_000;

/**
 * Every marker. `takes`: whether words stand behind its name and a colon; `maybe`: with or without. `means`: what a
 * model is told of it.
 */
const table = [
  {
    name: 'CREATE_SESSION',
    group: 'sessions',
    takes: 'words',
    form: 'project what to do',
    means: 'starts a worker; all behind the project (name or org/name, @branch if another) is its task',
  },
  {
    name: 'CREATE_REVIEWER',
    group: 'sessions',
    takes: 'words',
    form: 'project what to look at',
    means: 'the same, but it only reads and reports',
  },
  {
    name: 'SESSION_STATUS',
    group: 'sessions',
    takes: 'nothing',
    form: '',
    means: 'how your own sessions stand; never to wait for them',
  },
  {
    name: 'STOP_SESSION',
    group: 'sessions',
    takes: 'words',
    form: 'id',
    means: 'ends one of your own and all below it: its id, the beginning of it, or its label',
  },
  {
    name: 'TASK FOR WORKER',
    group: 'manager',
    takes: 'maybe',
    form: '',
    means:
      'starts a worker whose task are the lines that follow, up to a line [END TASK], another marker or the end; with a colon and a project it works there',
  },
  {
    name: 'WORKER_ASSIGNED',
    group: 'manager',
    takes: 'words',
    form: 'id - summary',
    means: 'tells people of it',
  },
  { name: 'WORKER_COMPLETED', group: 'manager', takes: 'words', form: 'id', means: 'tells people of it' },
  {
    name: 'WORKER_FAILED',
    group: 'manager',
    takes: 'words',
    form: 'id - error',
    means: 'tells people of it',
  },
  { name: 'SUBTASK_COMPLETE', group: 'manager', takes: 'words', form: 'id', means: 'tells people of it' },
  { name: 'MILESTONE_COMPLETE', group: 'manager', takes: 'words', form: 'id', means: 'tells people of it' },
  { name: 'ALL_WORKERS_COMPLETE', group: 'manager', takes: 'nothing', form: '', means: 'tells people of it' },
  {
    name: 'CONTINUE',
    group: 'manager',
    takes: 'words',
    form: 'what is next',
    means: 'goes on with another step at once; without it your turn ends',
  },
  {
    name: 'TASK_COMPLETE',
    group: 'manager',
    takes: 'nothing',
    form: '',
    means: 'tells people that all is done',
  },
] as const;

export type MarkerKind = (typeof table)[number];
export type MarkerName = MarkerKind['name'];

export interface Marker {
  readonly name: MarkerName;
  /** What stands behind the colon, without blanks around it. */
  readonly words: string;
  /** Of a block: its lines. */
  readonly task?: string;
}

/** The markers of these groups, in the table's order. */
export function markersOf(groups: readonly MarkerGroup[]): readonly MarkerKind[] {
  return table.filter(({ group }) => groups.includes(group));
}

/** A marker as it is written. */
export function formOf({ name, takes, form }: MarkerKind): string {
  return takes === 'words' ? `[${name}: ${form}]` : `[${name}]`;
}

/** Longer than every name. */
const NAME_CHARS = 40;

/** Where a line's first bracket stands, if nothing but a margin is in front; four blanks or a tab make a line code. */
function bracketAt(line: string): number | undefined {
  const at = line.indexOf('[');
  return at >= 0 && at <= 3 && line.startsWith('   '.slice(0, at)) ? at : undefined;
}

/**
 * What a line that is not whole yet can still become: `blank` if it has nothing but blanks so far; `words` if it is a
 * marker as soon as it ends on a bracket; `maybe` if more of it must come to tell.
 */
export function outlook(line: string, kinds: readonly MarkerKind[]): 'text' | 'blank' | 'maybe' | 'words' {
  if (line.trim() === '') return 'blank';
  const start = bracketAt(line);
  if (start === undefined) return 'text';
  const rest = line.slice(start + 1);
  const head = upper(rest.slice(0, NAME_CHARS));
  for (const { name, takes } of kinds) {
    if (!head.startsWith(name)) {
      if (rest.length < name.length && name.startsWith(head)) return 'maybe';
      continue;
    }
    const behind = rest.slice(name.length, name.length + 1);
    if (behind === '') return 'maybe';
    if (behind === ':' && takes !== 'nothing') return 'words';
    if (behind === ']' && takes !== 'words') {
      return rest.slice(name.length + 1).trim() === '' ? 'maybe' : 'text';
    }
  }
  return 'text';
}

/** The marker that a whole line is, without its line break; undefined: it is text. */
export function markerIn(line: string, kinds: readonly MarkerKind[]): Marker | undefined {
  if (line.length > LINE_CHARS) return undefined;
  const start = bracketAt(line);
  if (start === undefined) return undefined;
  const inner = line.slice(start + 1).trimEnd();
  if (!inner.endsWith(']')) return undefined;
  const colon = inner.indexOf(':');
  const end = colon < 0 ? inner.length - 1 : colon;
  if (end > NAME_CHARS) return undefined;
  const named = upper(inner.slice(0, end));
  const kind = kinds.find(({ name }) => name === named);
  if (!kind || kind.takes === (colon < 0 ? 'words' : 'nothing')) return undefined;
  return { name: kind.name, words: colon < 0 ? '' : inner.slice(colon + 1, -1).trim() };
}

/** Whether a line ends a block of a task. */
export function endsTask(line: string): boolean {
  return /^ {0,3}\[end task\][ \t\r]*$/i.test(line);
}

/** Only ASCII: other letters that become these in capitals are other letters. */
function upper(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

export interface Fence {
  readonly mark: string;
  readonly length: number;
}

/** The code fence that stands open behind a line, given the one before it. */
export function fenceBehind(fence: Fence | undefined, line: string): Fence | undefined {
  const found = /^[ \t]*(`{3,}|~{3,})(.*)$/s.exec(line);
  const [, ticks = '', rest = ''] = found ?? [];
  const mark = ticks.charAt(0);
  if (mark === '') return fence;
  if (fence) {
    const closes = mark === fence.mark && ticks.length >= fence.length && rest.trim() === '';
    return closes ? undefined : fence;
  }
  // Backticks behind backticks are code within a line.
  return mark === '`' && rest.includes('`') ? undefined : { mark, length: ticks.length };
}
