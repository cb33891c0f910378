/**
 * What all measurements stand on: the scripted model, both sides against it, and folders on a real disk. Owns
 * their lives: whatever a measurement leaves behind ends here.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Side } from './chat.ts';
import { startFloor } from './floor.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type Prefixes, type ScriptedModel, startModel } from './model.ts';
import type { Talk } from './script.ts';
import type { Sizes } from './sizes.ts';

export interface Ground {
  readonly sizes: Sizes;
  readonly model: ScriptedModel;
  readonly prefixes: Prefixes;
  /** Warm, and idle while the other is measured. */
  readonly floor: Side;
  readonly gateway: Gateway;
  /** A new folder that is removed in the end. */
  folder(): string;
  /** A gateway or floor of its own, for what needs a fresh process. The caller stops it. */
  freshGateway(folder: string): Promise<Gateway>;
  freshFloor(): Promise<Side>;
  /** A name that nothing else has: gates, labels. */
  name(): string;
  close(): Promise<void>;
}

/** What a turn is unless a measurement says otherwise. */
export const usualTalk: Talk = { chars: 160 };

/** In the checkout, since temporary folders are often in memory, where a write costs nothing. */
const place = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));

/** @param profile a folder for a CPU profile of the warm gateway */
export async function prepare(sizes: Sizes, profile?: string): Promise<Ground> {
  mkdirSync(place, { recursive: true });
  const root = mkdtempSync(`${place}tidings-bench-`);
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  process.once('exit', remove);
  const model = await startModel();
  const ends: (() => Promise<void>)[] = [() => model.stop()];
  const close = async (): Promise<void> => {
    for (const end of ends.reverse()) await end();
    remove();
    process.off('exit', remove);
  };
  let folders = 0;
  let names = 0;
  const folder = (): string => {
    const path = `${root}/${folders++}`;
    mkdirSync(path);
    return path;
  };
  const name = (): string => `n${(names++).toString(36)}`;
  try {
    const gateway = await startGateway({
      folder: folder(),
      modelUrl: model.url,
      ...(profile === undefined ? {} : { profile }),
    });
    ends.push(() => gateway.stop());
    const first = await gateway.open();
    await first.series(1, { chars: 40, spawn: { n: 1, task: { work: true, chars: 40 } } });
    await model.read(0, 1);
    first.close();
    const prefixes = await model.prefixes();
    const floor = await startFloor(model.url, prefixes);
    ends.push(() => floor.stop());
    return {
      sizes,
      model,
      prefixes,
      floor,
      gateway,
      folder,
      freshGateway: (where) => startGateway({ folder: where, modelUrl: model.url }),
      freshFloor: () => startFloor(model.url, prefixes),
      name,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Measures both sides in turns, floor first, `rounds` times. */
export async function interleaved(
  { floor, gateway }: Pick<Ground, 'floor' | 'gateway'>,
  rounds: number,
  measure: (side: Side) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await measure(floor);
    await measure(gateway);
  }
}
