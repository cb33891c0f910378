/** What a turn costs beside the model's own time: until it is whole, until its first words, one chat at a time. */
import type { Side, Told } from '../chat.ts';
import { type Aim, type Figure, figure } from '../figures.ts';
import { type Ground, interleaved, usualTalk } from '../ground.ts';
import type { ModelRow } from '../model.ts';
import { median, pair, quantile } from '../samples.ts';

const aim: Aim = { kind: 'overhead', times: 4, plus: 1 };
/** Turns before the first that counts: connections are made, code is compiled. */
const WARM_UP = 5;

export async function turns(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const whole = pair<number>();
  const first = pair<number>();

  async function measure(side: Side): Promise<void> {
    const chat = await side.open();
    await chat.series(WARM_UP, usualTalk);
    const mark = await model.mark();
    const told = await chat.series(sizes.turns, usualTalk);
    const rows = await model.log(mark);
    chat.close();
    const overheads = beside(told, rows);
    whole[side.name].push(...overheads.map((one) => one.whole));
    first[side.name].push(...overheads.map((one) => one.first));
  }

  await interleaved(ground, sizes.rounds, measure);
  const samples = whole.gateway.length;
  return [
    figure({
      id: 'turn.median',
      name: 'turn overhead, median',
      unit: 'ms',
      value: median(whole.gateway),
      floor: median(whole.floor),
      samples,
      aim,
    }),
    figure({
      id: 'turn.p90',
      name: 'turn overhead, p90',
      unit: 'ms',
      value: quantile(whole.gateway, 0.9),
      floor: quantile(whole.floor, 0.9),
      samples,
      aim,
    }),
    figure({
      id: 'first-token.median',
      name: 'first-token overhead, median',
      unit: 'ms',
      value: median(first.gateway),
      floor: median(first.floor),
      samples,
      aim,
    }),
  ];
}

/** The client's times less the model's own, turn by turn. Each turn must have been one request. */
export function beside(
  told: readonly Told[],
  rows: readonly ModelRow[],
): { readonly whole: number; readonly first: number }[] {
  if (told.length !== rows.length) {
    throw new Error(`${told.length} turns made ${rows.length} requests; each should make one.`);
  }
  return told.map((one, index) => {
    const row = rows[index];
    if (!row || row.endedAt === null || row.firstByteAt === null || !row.answered) {
      throw new Error('A request of a measured turn was not answered.');
    }
    return {
      whole: one.endedAt - one.sentAt - (row.endedAt - row.at),
      first: one.firstAt - one.sentAt - (row.firstByteAt - row.at),
    };
  });
}
