/** One subagent's way out and its news' way back, while its parent is at rest. */
import type { Side } from '../chat.ts';
import { type Aim, type Figure, figure } from '../figures.ts';
import { type Ground, interleaved } from '../ground.ts';
import type { ModelRow } from '../model.ts';
import { median, pair, quantile } from '../samples.ts';

const aim: Aim = { kind: 'overhead', times: 4, plus: 1 };
const CHARS = 200;
/** Subagents before the first that counts. */
const WARM_UP = 3;

export async function singles(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const births = pair<number>();
  const news = pair<number>();

  async function measure(side: Side): Promise<void> {
    const chat = await side.open();
    await chat.series(2, { chars: CHARS });
    for (let i = -WARM_UP; i < sizes.singles; i++) {
      const mark = await model.mark();
      const gate = ground.name();
      await chat.series(1, { chars: CHARS, spawn: { n: 1, task: { work: true, chars: CHARS, gate } } });
      await model.held(gate, 1);
      await model.open(gate);
      await model.read(mark, 1);
      const rows = await model.log(mark);
      if (i < 0) continue;
      births[side.name].push(only(rows, 'work').at - end(only(rows, 'spawn')));
      news[side.name].push(only(rows, 'news').at - end(only(rows, 'work')));
    }
    chat.close();
  }

  await interleaved(ground, sizes.rounds, measure);
  const samples = news.gateway.length;
  const both = (id: string, name: string, q: 'median' | 'p90', of: typeof news): Figure => {
    const take = (values: readonly number[]): number =>
      q === 'median' ? median(values) : quantile(values, 0.9);
    return figure({
      id: `${id}.${q}`,
      name: `${name}, ${q}`,
      unit: 'ms',
      value: take(of.gateway),
      floor: take(of.floor),
      samples,
      aim,
    });
  };
  return [
    both('spawn', "spawn → child's first request", 'median', births),
    both('spawn', "spawn → child's first request", 'p90', births),
    both('news', "child's last byte → parent's request with the news", 'median', news),
    both('news', "child's last byte → parent's request with the news", 'p90', news),
  ];
}

function only(rows: readonly ModelRow[], kind: ModelRow['kind']): ModelRow {
  const [row, ...others] = rows.filter((one) => one.kind === kind);
  if (!row || others.length > 0) {
    throw new Error(`One request of kind ${kind} was due; there were ${row ? others.length + 1 : 0}.`);
  }
  return row;
}

export function end(row: ModelRow): number {
  if (row.endedAt === null) throw new Error(`A request of kind ${row.kind} was not answered.`);
  return row.endedAt;
}
