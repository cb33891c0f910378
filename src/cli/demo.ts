/**
 * `tidings demo`: plays the main job in two acts in this terminal and checks what came of it. Owns the
 * frame: what is said before and after, the exit code, and that nothing is left behind.
 */

import { type Simulator, startSimulator } from '../simulator/server.ts';
import { allHolds } from './demo/check.ts';
import { checkEnding, playEnding } from './demo/ending.ts';
import { checkFirstAct } from './demo/first-act/checks.ts';
import { playFirstAct } from './demo/first-act/play.ts';
import { till } from './demo/first-act/till.ts';
import { type GatewayProcess, troubles } from './demo/gateway-process.ts';
import { makePlayground, type Playground } from './demo/playground.ts';
import { checkSecondAct } from './demo/second-act/checks.ts';
import { menu } from './demo/second-act/menu.ts';
import { playSecondAct } from './demo/second-act/play.ts';
import { rule } from './demo/second-act/story.ts';
import { onStage, type Stage } from './demo/stage.ts';
import { lookOf, makeTimeline, type Timeline } from './demo/timeline.ts';
import { verdict } from './demo/verdict.ts';

/** Exit codes of a demo that a signal ended, after it cleaned up. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Signals this close together are one wish. */
const SAME_KEY_MS = 500;

/** Resolves with the exit code: 0 only if everything that was checked holds. */
export async function demo(print: (line: string) => void): Promise<number> {
  const began = performance.now();
  const timeline = makeTimeline(print, lookOf(process.stdout, process.env), () => performance.now() - began);
  const stop = new AbortController();
  let code: number | undefined;
  let asked = 0;
  for (const [signal, number] of Object.entries(signals)) {
    process.on(signal, () => {
      const now = performance.now();
      // Asked again: at once, and the gateway goes with this process. npm may pass one Ctrl-C on twice.
      if (code !== undefined && now - asked > SAME_KEY_MS) process.exit(number);
      if (code !== undefined) return;
      code = number;
      asked = now;
      stop.abort(new Error('stopped'));
    });
  }
  // Who reads along may leave, as `head` does; that ends the demo, not with a crash.
  process.stdout.on('error', () => stop.abort(new Error('nobody reads along any more')));

  let playground: Playground | undefined;
  let simulator: Simulator | undefined;
  let gateway: GatewayProcess | undefined;
  let keep = false;
  let ending: string | undefined;
  try {
    opening(timeline);
    playground = await makePlayground();
    simulator = await startSimulator();
    const repositories = { first: await playground.add(till), second: await playground.add(menu) };
    const stage: Stage = {
      playground,
      simulator,
      timeline,
      config: { trust: { ask: [rule] } },
      signal: stop.signal,
      onGateway: (started) => {
        gateway = started;
      },
    };
    const parts = await onStage(stage, async (scene) => {
      const first = await playFirstAct(scene, repositories.first);
      const second = await playSecondAct(scene, repositories.second);
      return [
        { title: 'First act', checks: checkFirstAct(first) },
        { title: 'Second act', checks: checkSecondAct(second) },
        { title: 'The end', checks: checkEnding(await playEnding(scene)) },
      ];
    });
    keep = !parts.every(({ checks }) => allHolds(checks));
    return verdict(timeline, parts);
  } catch (error) {
    if (stop.signal.aborted) {
      timeline.gap();
      ending = 'Stopped, and nothing is left of it.';
      return code ?? 1;
    }
    keep = true;
    timeline.gap();
    timeline.item(
      '✗',
      `The demo could not go on: ${error instanceof Error ? error.message : String(error)}`,
      'red',
    );
    if (playground)
      for (const line of troubles(playground)) timeline.say(`The gateway said: ${line.slice(0, 400)}`, 'dim');
    return 1;
  } finally {
    await gateway?.stop();
    await simulator?.close();
    if (keep && playground) timeline.say(`Its folder is kept, to look at: ${playground.folder}`);
    else playground?.remove();
    if (ending !== undefined) timeline.say(ending);
  }
}

function opening(timeline: Timeline): void {
  timeline.say('Tidings: a chat that hands work to subagents and stays free.', 'bold');
  timeline.say(
    'A script plays the model here, so no key and no network are needed. All else is real: the gateway is a process of its own, spoken to over HTTP; the subagents run real commands in real git repositories; kill -9 is kill -9. It takes about half a minute.',
    'dim',
  );
}
