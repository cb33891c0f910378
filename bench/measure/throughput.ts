/** Turns a second with several chats at once, and the CPU that a turn takes. */
import type { Side } from '../chat.ts';
import { type Figure, figure } from '../figures.ts';
import { type Ground, interleaved, usualTalk } from '../ground.ts';
import { median, pair } from '../samples.ts';

export async function throughput(ground: Ground): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { chats, each } of ground.sizes.parallel) {
    const rates = pair<number>();
    const cpu = pair<number>();
    const measure = async (side: Side): Promise<void> => {
      const spent = await side.parallel(chats, each, usualTalk);
      cpu[side.name].push(spent.cpuMs / (chats * each));
      rates[side.name].push((chats * each * 1_000) / spent.ms);
    };
    await interleaved(ground, ground.sizes.rounds, measure);
    const samples = rates.gateway.length;
    figures.push(
      figure({
        id: `throughput.${chats}`,
        name: `turns a second, ${chats} in parallel`,
        unit: 'turns/s',
        value: median(rates.gateway),
        floor: median(rates.floor),
        samples,
        ...(chats === 1 ? {} : { aim: { kind: 'share', atLeast: 0.5 } }),
      }),
      figure({
        id: `throughput.${chats}.cpu`,
        name: `CPU of the process a turn, ${chats} in parallel`,
        unit: 'ms CPU',
        value: median(cpu.gateway),
        floor: median(cpu.floor),
        samples,
      }),
    );
  }
  return figures;
}
