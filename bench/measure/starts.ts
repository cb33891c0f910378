/** From the start of the process to the first 200 of /readyz: on an empty folder, and after a kill at full work. */
import { cpSync } from 'node:fs';
import { now } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { floorStart } from '../floor.ts';
import { killedAtWork } from '../folders.ts';
import type { Ground } from '../ground.ts';
import { median, pair } from '../samples.ts';

export async function starts(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const empty = pair<number>();
  for (let i = 0; i < sizes.starts; i++) {
    empty.floor.push(await floorStart(now));
    const gateway = await ground.freshGateway(ground.folder());
    empty.gateway.push(gateway.readyMs);
    await gateway.stop();
  }

  const { all, working } = sizes.sessions;
  const original = ground.folder();
  const gate = ground.name();
  await killedAtWork(original, { ...sizes.sessions, gate });
  const full: number[] = [];
  const again: number[] = [];
  for (let i = 0; i < Math.min(3, sizes.starts); i++) {
    // A start goes on with the work: each one gets the folder as the killed gateway left it.
    const folder = ground.folder();
    cpSync(original, folder, { recursive: true });
    const from = now();
    const gateway = await ground.freshGateway(folder);
    full.push(gateway.readyMs);
    await model.held(gate, working);
    again.push(now() - from);
    await gateway.stop();
    await model.left(gate);
  }
  const sessions = `${all.toLocaleString('en')} sessions, ${working.toLocaleString('en')} of them at work when it was killed`;
  return [
    figure({
      id: 'start.empty',
      name: 'start → ready, empty (floor: the SDK is loaded)',
      unit: 's',
      value: median(empty.gateway) / 1_000,
      floor: median(empty.floor) / 1_000,
      samples: sizes.starts,
      aim: { kind: 'at most', value: 0.4 },
    }),
    figure({
      id: 'start.full',
      name: `start → ready, ${sessions}`,
      unit: 's',
      value: median(full) / 1_000,
      samples: full.length,
      aim: { kind: 'at most', value: 2 },
    }),
    figure({
      id: 'start.again',
      name: `start → the requests of all ${working.toLocaleString('en')} are out again`,
      unit: 's',
      value: median(again) / 1_000,
      samples: again.length,
    }),
  ];
}
