/** The groups of figures, in the order of the table. */
import type { Figure } from './figures.ts';
import type { Ground } from './ground.ts';
import { crowd } from './measure/crowd.ts';
import { longLog } from './measure/long-log.ts';
import { memory } from './measure/memory.ts';
import { page } from './measure/page.ts';
import { singles } from './measure/singles.ts';
import { starts } from './measure/starts.ts';
import { streaming } from './measure/streaming.ts';
import { throughput } from './measure/throughput.ts';
import { turns } from './measure/turns.ts';

export const groups: Readonly<Record<string, (ground: Ground) => Promise<Figure[]>>> = {
  turns,
  throughput,
  singles,
  crowd,
  streaming,
  memory,
  starts,
  long: longLog,
  page,
};
