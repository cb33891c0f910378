/**
 * Owns the workshop of a host without folders and processes: it fetches pages of the web, and that whatever goes
 * wrong comes back as words. Never decides whether a call should run.
 */
import type { ToolOutcome, Workshop } from '../../core/ports.ts';
import { nowhere } from '../../gateway/gateway.ts';
import { harmless } from '../../tools/harmless.ts';
import { usualLimits } from '../../tools/page-fetch.ts';
import { webFetchTool } from '../../tools/web-fetch.ts';
import { type FetchSetting, fetchPage } from './fetch-page.ts';
import { makePlaces } from './places.ts';

/** Pages that are fetched at once: each takes its size in memory, and an isolate has 128 MB for all its objects. */
const pages = 4;

const webFetch = webFetchTool({ keeps: false });

/** Runs `web_fetch` and nothing else. */
export function fetchWorkshop(setting: FetchSetting): Workshop {
  const places = makePlaces(pages, { page: pages });
  return {
    ...nowhere,
    async run(_worker, call, options) {
      options.signal.throwIfAborted();
      if (call.name !== webFetch.name) {
        const name = JSON.stringify(call.name);
        return wrong(`There is no work tool ${name} on this host, which has neither folders nor processes.`);
      }
      const given = webFetch.parse(call.input);
      if (!given.ok) return wrong(given.error);
      try {
        const limitMs = options.limitMs ?? usualLimits.totalMs;
        const asked = Date.now();
        const patience = AbortSignal.timeout(limitMs);
        const leave = await places.enter('page', AbortSignal.any([options.signal, patience]));
        try {
          // The wait for a place is part of what a main session's tool may take.
          return await fetchPage(setting, given.input, {
            ...options,
            limitMs: Math.max(1, limitMs - (Date.now() - asked)),
          });
        } finally {
          leave();
        }
      } catch (error) {
        options.signal.throwIfAborted();
        return wrong(`${call.name} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

function wrong(text: string): ToolOutcome {
  return { ok: false, text: harmless(text) };
}
