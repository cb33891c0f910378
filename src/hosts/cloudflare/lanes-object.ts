/**
 * The one object that grants permits for model calls, so that all sessions together keep to one ceiling and one "not
 * before". Keeps nothing: a new instance hears of the calls under way from those who make them.
 */
import { DurableObject } from 'cloudflare:workers';
import { makePermitDesk, type PermitDesk } from '../../runtime/permits.ts';
import type { Bindings, LanesMethods } from './bindings.ts';
import { workerClock } from './clock.ts';
import { hostOf } from './host.ts';

export class LanesObject extends DurableObject<Bindings> implements LanesMethods {
  #opened: Promise<PermitDesk> | undefined;

  async #desk(): Promise<PermitDesk> {
    const { config, log } = await hostOf(this.env);
    return makePermitDesk({
      ceiling: config.modelCalls,
      clock: workerClock,
      random: Math.random,
      held: ({ why, notBefore }) =>
        log.warn({ why, ...(notBefore === undefined ? {} : { notBefore }) }, 'no model call starts for now'),
    });
  }

  async ask(message: unknown): Promise<unknown> {
    this.#opened ??= this.#desk();
    return (await this.#opened).answer(message);
  }
}
