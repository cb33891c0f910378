/**
 * Numbers about this process, and the text in which Prometheus reads them (exposition format 0.0.4). Owns names,
 * labels and their spelling; what is counted, and when, is said by who counts. Each name has one instrument,
 * whoever asks for it first.
 */

export interface Described {
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly help: string;
  /** Names of labels; each must have few values, and never a chat, a label or words. */
  readonly labels?: readonly string[];
}

export interface Counter {
  /** @param values of the labels, in their order */
  add(by: number, ...values: string[]): void;
}

export interface Histogram {
  observe(value: number, ...values: string[]): void;
}

/** A number with the values of its labels. */
export type Sample = readonly [value: number, ...labels: string[]];

export interface Metrics {
  /** Grows only, from 0 at the start of the process. */
  counter(about: Described): Counter;
  /** Goes up and down by what is added. */
  level(about: Described): Counter;
  /** @param bounds upper bounds of the buckets, ascending; one without a bound is added */
  histogram(about: Described & { readonly bounds: readonly number[] }): Histogram;
  /** A number that its owner is asked for when it is read. */
  reads(
    about: Described & { readonly type: 'counter' | 'gauge'; readonly read: () => Iterable<Sample> },
  ): void;
  /** Everything, as Prometheus reads it. */
  text(): string;
}

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

interface Family {
  readonly about: Described;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly instrument: Counter | Histogram | undefined;
  lines(): string[];
}

const namePattern = /^tidings_[a-z][a-z0-9_]*$/;

export function makeMetrics(): Metrics {
  const families = new Map<string, Family>();

  function added(family: Family): void {
    const { about, type } = family;
    if (!namePattern.test(about.name) || (type === 'counter') !== about.name.endsWith('_total')) {
      throw new Error(`${about.name} is no name for a ${type}`);
    }
    if (families.has(about.name)) throw new Error(`${about.name} is counted already`);
    families.set(about.name, family);
  }

  function sums(about: Described, type: 'counter' | 'gauge'): Counter {
    const known = families.get(about.name)?.instrument;
    if (known && 'add' in known) return known;
    const values = new Map<string, number>();
    // What has no labels has a value from the start; the others have one once there is something to count.
    if (!about.labels?.length) values.set('', 0);
    const instrument: Counter = {
      add(by, ...labels) {
        const key = spelled(about, labels);
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
    added({
      about,
      type,
      instrument,
      lines: () => [...values].map(([labels, value]) => line(about.name, labels, value)),
    });
    return instrument;
  }

  return {
    counter: (about) => sums(about, 'counter'),
    level: (about) => sums(about, 'gauge'),
    histogram(about) {
      const known = families.get(about.name)?.instrument;
      if (known && 'observe' in known) return known;
      const { bounds } = about;
      const all = new Map<string, { buckets: number[]; count: number; sum: number }>();
      const fresh = () => ({ buckets: bounds.map(() => 0), count: 0, sum: 0 });
      if (!about.labels?.length) all.set('', fresh());
      const instrument: Histogram = {
        observe(value, ...labels) {
          const key = spelled(about, labels);
          const one = all.get(key) ?? fresh();
          all.set(key, one);
          one.count += 1;
          one.sum += value;
          const at = bounds.findIndex((bound) => value <= bound);
          if (at >= 0) one.buckets[at] = (one.buckets[at] ?? 0) + 1;
        },
      };
      added({
        about,
        type: 'histogram',
        instrument,
        lines: () =>
          [...all].flatMap(([labels, { buckets, count, sum }]) => {
            let below = 0;
            const filled = bounds.map((bound, at) => {
              below += buckets[at] ?? 0;
              return line(`${about.name}_bucket`, joined(labels, `le="${bound}"`), below);
            });
            return [
              ...filled,
              line(`${about.name}_bucket`, joined(labels, 'le="+Inf"'), count),
              line(`${about.name}_sum`, labels, sum),
              line(`${about.name}_count`, labels, count),
            ];
          }),
      });
      return instrument;
    },
    reads(about) {
      added({
        about,
        type: about.type,
        instrument: undefined,
        lines: () =>
          [...about.read()].map(([value, ...labels]) => line(about.name, spelled(about, labels), value)),
      });
    },
    text() {
      const lines: string[] = [];
      for (const { about, type, lines: read } of families.values()) {
        lines.push(`# HELP ${about.name} ${escaped(about.help)}`, `# TYPE ${about.name} ${type}`, ...read());
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

function spelled({ name, labels = [] }: Described, values: readonly string[]): string {
  if (values.length !== labels.length)
    throw new Error(`${name} has the labels ${labels.join()}, not ${values}`);
  return labels
    .map((label, at) => `${label}="${escaped(values[at] ?? '').replaceAll('"', '\\"')}"`)
    .join(',');
}

function joined(labels: string, last: string): string {
  return labels === '' ? last : `${labels},${last}`;
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
