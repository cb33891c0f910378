/**
 * Looks at the Messages API: whether it is reached, lets the key in and knows the models, asked by counting the
 * tokens of one word, which costs nothing; and at the clock, by the time that the answer bears.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface ApiQuestion {
  readonly apiKey?: string;
  readonly authToken?: string;
  readonly baseUrl: string;
  /** Ids, as the API knows them. */
  readonly models: readonly string[];
  /** How long one answer may take. */
  readonly limitMs: number;
}

const errorSchema = z.object({ error: z.object({ type: z.string(), message: z.string() }) });
const aside = 'Set the clock of this machine (timedatectl set-ntp true).';
const MINUTE = 60_000;

export async function apiFindings(question: ApiQuestion): Promise<Finding[]> {
  const findings: Finding[] = [];
  let clock: Finding | undefined;
  for (const model of new Set(question.models)) {
    const { finding, date } = await ask(question, model);
    findings.push(finding);
    clock ??= date === undefined ? undefined : clockFinding(Date.now() - date);
    // The others would only say the same again.
    if (finding.status === 'problem' && finding.check !== 'model') break;
  }
  return [...findings, ...(clock ? [clock] : [])];
}

async function ask(question: ApiQuestion, model: string): Promise<{ finding: Finding; date?: number }> {
  const { apiKey, authToken, baseUrl, limitMs } = question;
  const asked = Date.now();
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/v1/messages/count_tokens`, {
      method: 'POST',
      // A key goes to the address that it was configured for, and to no other.
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        ...(apiKey ? { 'x-api-key': apiKey } : authToken ? { authorization: `Bearer ${authToken}` } : {}),
      },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    const text = await response.text();
    const date = Date.parse(response.headers.get('date') ?? '');
    return {
      finding: judge(question, model, response, text),
      // Half of the way there and back; the header tells whole seconds.
      ...(Number.isNaN(date) ? {} : { date: date + 500 - (Date.now() - asked) / 2 }),
    };
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const words = cause instanceof Error ? cause.message || cause.name : String(cause);
    return {
      finding: problem(
        'API',
        timedOut
          ? `${baseUrl} gave no answer within ${limitMs / 1_000} s`
          : `${baseUrl} is not reached: ${words}`,
        'Look at the network, a proxy or firewall, and ANTHROPIC_BASE_URL.',
      ),
    };
  }
}

function judge({ baseUrl, apiKey }: ApiQuestion, model: string, response: Response, text: string): Finding {
  const { status } = response;
  const said = saidBy(text);
  const name = apiKey === undefined ? 'ANTHROPIC_AUTH_TOKEN' : 'ANTHROPIC_API_KEY';
  if (status === 200) return ok('model', `${model}, reached at ${baseUrl}`);
  if (status === 401) {
    return problem(
      'key',
      `the API doesn't let it in: ${said}`,
      `Set ${name} to a key that is valid at ${baseUrl}.`,
    );
  }
  if (status === 403) {
    return problem(
      'key',
      `the API lets it in, but not to this: ${said}`,
      `Ask who gave you the key for access to ${model}.`,
    );
  }
  if (status === 404 && /model/i.test(said)) {
    return problem(
      'model',
      `the API doesn't know ${model}: ${said}`,
      'Set TIDINGS_MODEL and TIDINGS_SUBAGENT_MODEL to models that it has.',
    );
  }
  if (status === 404 || status === 405 || status === 501) {
    return warning(
      'model',
      `${baseUrl} can't count tokens (${status}), so nothing is known of ${model}`,
      'Start the gateway and say a word.',
    );
  }
  if (status >= 300 && status < 400) {
    return problem(
      'API',
      `${baseUrl} sends elsewhere (${status}), and a key isn't sent on`,
      'Set ANTHROPIC_BASE_URL to where the API really is.',
    );
  }
  if (status === 429 || status >= 500) {
    return warning(
      'API',
      `${baseUrl} answers, but can't just now (${status}: ${said})`,
      'Try again in a while; the gateway does so by itself.',
    );
  }
  return problem(
    'API',
    `${baseUrl} refuses even a small request (${status}: ${said})`,
    'Look at ANTHROPIC_BASE_URL, and at what the API says.',
  );
}

function saidBy(text: string): string {
  try {
    return errorSchema.parse(JSON.parse(text)).error.message.slice(0, 300);
  } catch {
    return text.slice(0, 120) || 'nothing more';
  }
}

/** @param aheadMs how much this machine's clock is ahead of the API's */
function clockFinding(aheadMs: number): Finding {
  const off = Math.abs(aheadMs);
  if (off < MINUTE) return ok('clock', "agrees with the API's");
  const minutes = Math.round(off / MINUTE);
  const found = `${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} the API's`;
  return off < 10 * MINUTE
    ? warning('clock', found, aside)
    : problem('clock', `${found}: days, budgets and waits go by it`, aside);
}

/** Limits go by the monotonic clock, which must neither stand still nor go back. */
export async function timerFinding(clock: () => number = () => performance.now()): Promise<Finding> {
  const before = clock();
  await sleep(20);
  const went = clock() - before;
  return went > 10 && went < MINUTE
    ? ok('timers', 'the monotonic clock goes on')
    : problem(
        'timers',
        `the monotonic clock went on by ${went.toFixed(0)} ms in 20 ms`,
        'Restart this machine, or mend its clock source.',
      );
}
