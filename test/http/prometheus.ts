/**
 * A strict reader of Prometheus' text format 0.0.4: what a scraper would stumble over, and what the project's own
 * names must keep to, is an error here.
 */

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** `name{label="value"}` as it stands → its value. */
  readonly samples: ReadonlyMap<string, number>;
}

const name = '[a-z_][a-z0-9_]*';
const samplePattern = new RegExp(
  `^(${name})(?:\\{((?:${name}="(?:[^"\\\\\\n]|\\\\["\\\\n])*",?)+)\\})? (\\S+)$`,
);
const units = /_(seconds|bytes|usd|total|info)$/;
/** Gauges that count things, and so have no unit. */
const things =
  /^tidings_(subagents|mail_waiting|mail_undelivered|model_calls_(in_flight|waiting)|model_held|sessions_in_memory|feeds_open|processes)$/;

/** @throws when anything of it is not as the format wants it, with the line. */
export function readMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family & { samples: Map<string, number> }>();
  let help: { name: string; text: string } | undefined;
  let current: { name: string; family: Family & { samples: Map<string, number> } } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const helped = new RegExp(`^# HELP (${name}) (\\S.*)$`).exec(line);
    const typed = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram)$`).exec(line);
    if (helped?.[1] && helped[2]) {
      if (help) throw new Error(`${help.name} has help and no type`);
      help = { name: helped[1], text: helped[2] };
      continue;
    }
    if (typed?.[1]) {
      if (help?.name !== typed[1]) throw new Error(`${typed[1]} has a type and no help before it`);
      if (families.has(typed[1])) throw new Error(`${typed[1]} comes twice`);
      const type = typed[2] === 'counter' ? 'counter' : typed[2] === 'gauge' ? 'gauge' : 'histogram';
      checkName(typed[1], type);
      current = { name: typed[1], family: { type, help: help.text, samples: new Map() } };
      families.set(typed[1], current.family);
      help = undefined;
      continue;
    }
    const sample = samplePattern.exec(line);
    if (!sample || !current || help) throw new Error(`not a sample in its place: ${line}`);
    const [, of = '', labels, value = ''] = sample;
    const suffix = of.slice(current.name.length);
    const wanted = current.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!of.startsWith(current.name) || !wanted.includes(suffix))
      throw new Error(`${of} stands among the samples of ${current.name}`);
    if (!/^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|[+-]Inf|NaN)$/.test(value))
      throw new Error(`no number: ${line}`);
    const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
    if (!Number.isFinite(number) || (current.family.type !== 'gauge' && number < 0))
      throw new Error(`no sensible number: ${line}`);
    const key = labels === undefined ? of : `${of}{${labels}}`;
    if (labels?.endsWith(',')) throw new Error(`a comma too many: ${line}`);
    if (current.family.samples.has(key)) throw new Error(`${key} comes twice`);
    current.family.samples.set(key, number);
  }
  for (const [family, { type, samples }] of families)
    if (type === 'histogram') checkHistogram(family, samples);
  return families;
}

function checkName(family: string, type: Family['type']): void {
  if (!family.startsWith('tidings_')) throw new Error(`${family} is not ours`);
  if ((type === 'counter') !== family.endsWith('_total'))
    throw new Error(`${family} is no name of a ${type}`);
  if (!units.test(family) && !things.test(family)) throw new Error(`${family} has no unit`);
}

/** Buckets grow, the last one is +Inf, and it is the count. */
function checkHistogram(family: string, samples: ReadonlyMap<string, number>): void {
  const rows = new Map<string, { at: number; value: number }[]>();
  for (const [key, value] of samples) {
    const bucket = new RegExp(`^${family}_bucket\\{(.*?),?le="([^"]+)"\\}$`).exec(key);
    if (!bucket) continue;
    const labels = bucket[1] ?? '';
    const at = bucket[2] === '+Inf' ? Number.POSITIVE_INFINITY : Number(bucket[2]);
    rows.set(labels, [...(rows.get(labels) ?? []), { at, value }]);
  }
  for (const [labels, row] of rows) {
    for (const [index, { at, value }] of row.entries()) {
      const before = row[index - 1];
      if (before && !(before.at < at && before.value <= value))
        throw new Error(`the buckets of ${family}{${labels}} don't grow`);
    }
    const own = labels === '' ? '' : `{${labels}}`;
    const last = row.at(-1);
    if (last?.at !== Number.POSITIVE_INFINITY || last.value !== samples.get(`${family}_count${own}`))
      throw new Error(`the last bucket of ${family}${own} is not its count`);
    if (samples.get(`${family}_sum${own}`) === undefined) throw new Error(`${family}${own} has no sum`);
  }
}
