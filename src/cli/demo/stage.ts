/**
 * What both acts play on: the gateway of the moment, the person who speaks to it, what the model is sent meanwhile.
 * Owns which gateway that is; never tells a story, and never cleans up.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestRecord } from '../../simulator/records.ts';
import type { Simulator } from '../../simulator/server.ts';
import { type Api, makeApi } from './api.ts';
import { type Audience, makeAudience } from './audience.ts';
import { type Ended, type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type Cast, makeNarrator, type Narrator } from './narrator.ts';
import type { Playground } from './playground.ts';
import type { Timeline } from './timeline.ts';

export interface Stage {
  readonly playground: Playground;
  readonly simulator: Simulator;
  readonly timeline: Timeline;
  /** What stands in the gateway's configuration file besides the repositories. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Aborts when the person wants no more of it. */
  readonly signal: AbortSignal;
  /** Handed each gateway as it is started, for whoever cleans up. */
  readonly onGateway: (gateway: GatewayProcess) => void;
}

/** A stage on which acts are being played, with what is there for all of them. */
export interface Scene extends Pick<Stage, 'playground' | 'simulator' | 'timeline'> {
  readonly api: Api;
  /** Starts a gateway and says so; the API is there from then on. */
  startGateway(words: string): Promise<GatewayProcess>;
  /** The one that runs. @throws when there is none */
  readonly gateway: GatewayProcess;
  /** `kill -9` for the one that runs; resolves with how it ended. */
  killGateway(): Promise<Ended>;
  /** Between what the person reads and what the person does next. */
  breathe(): Promise<void>;
  openChat(title: string, cast: Cast): Promise<Chat>;
  /** From now on: what the model is sent, and what of it the simulator refuses, in words. */
  listen(): () => { readonly records: readonly RequestRecord[]; readonly refused: readonly string[] };
}

export interface Chat {
  readonly id: string;
  readonly narrator: Narrator;
  readonly seen: Audience;
  /** The person types this. */
  speak(words: string): Promise<void>;
}

const BREATH_MS = 700;

/** Plays all acts. @throws what it waited for in vain, in words */
export async function onStage<T>(stage: Stage, acts: (scene: Scene) => Promise<T>): Promise<T> {
  const { playground, simulator, timeline, config } = stage;
  const over = new AbortController();
  const failed = new AbortController();
  const signal = AbortSignal.any([stage.signal, failed.signal, over.signal]);
  const token = randomBytes(24).toString('hex');
  let gateway: GatewayProcess | undefined;
  const api = makeApi({ token, url: () => gateway?.url, signal, failed: (error) => failed.abort(error) });
  const running = (): GatewayProcess => {
    if (!gateway) throw new Error('there is no gateway now');
    return gateway;
  };
  try {
    return await acts({
      playground,
      simulator,
      timeline,
      api,
      async startGateway(words) {
        gateway = await startGatewayProcess({ playground, modelUrl: simulator.url, token, config }, signal);
        stage.onGateway(gateway);
        timeline.line('gateway', `${words} (process ${gateway.pid})`);
        return gateway;
      },
      get gateway() {
        return running();
      },
      killGateway() {
        const { kill } = running();
        gateway = undefined;
        return kill();
      },
      breathe: () => sleep(BREATH_MS, undefined, { signal }),
      async openChat(title, cast) {
        const id = await api.createChat(title);
        const narrator = makeNarrator(timeline, cast);
        return {
          id,
          narrator,
          seen: makeAudience(api, narrator, id, signal),
          async speak(words) {
            timeline.line('person', `“${words}”`);
            await api.say(id, words);
          },
        };
      },
      listen() {
        const { requests, violations, counts } = simulator;
        const before = {
          requests: requests.length,
          violations: violations.length,
          spoilt: counts.refused + counts.faulted,
        };
        return () => {
          const words = violations
            .slice(before.violations)
            .map(({ request, message }) => `request ${request}: ${message}`);
          const others = counts.refused + counts.faulted - before.spoilt - words.length;
          return {
            records: requests.slice(before.requests),
            refused: others > 0 ? [...words, `${others} more`] : words,
          };
        };
      },
    });
  } finally {
    over.abort();
  }
}
