import { describe, expect, test } from 'vitest';
import { makeMetrics } from '../../src/runtime/metrics.ts';
import { type Door, openDoor } from './door.ts';
import { readMetrics } from './prometheus.ts';

async function figures(door: Door): Promise<ReadonlyMap<string, number>> {
  const response = await door.request('GET', '/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const all = new Map<string, number>();
  for (const { samples } of readMetrics(await response.text()).values())
    for (const [key, value] of samples) all.set(key, value);
  return all;
}

/** Those whose name begins with `start`, without it. */
function beginning(all: ReadonlyMap<string, number>, start: string): Record<string, number> {
  return Object.fromEntries(
    [...all].flatMap(([key, value]) => (key.startsWith(start) ? [[key.slice(start.length), value]] : [])),
  );
}

describe('/metrics', () => {
  test('counts what a scripted scenario did, to the last figure', async () => {
    const door = openDoor();
    const chat = await door.chat();
    const at = `/v1/chats/${chat}`;
    // One spawn, two steps; the subagent's own step is held.
    await door.post(`${at}/messages`, { text: 'spawn:boss' });
    await door.until(() => door.runtime.state(chat)?.status === 'idle' && door.model.calls === 3);
    const feed = await door.request('GET', `${at}/events?after=0`);
    const reader = feed.body?.getReader();
    await reader?.read();
    door.clock.advance(7_000);
    // Words that wait: the main session's own call is held.
    await door.post(`${at}/messages`, { text: 'hold:gate' });
    await door.until(() => door.model.calls === 4);
    await door.post(`${at}/messages`, { text: 'more' });
    door.clock.advance(5_000);

    const during = await figures(door);
    expect(beginning(during, 'tidings_subagents{')).toEqual({
      'status="blocked"}': 0,
      'status="queued"}': 0,
      'status="running"}': 1,
      'status="waiting"}': 0,
      'status="input_required"}': 0,
    });
    expect(Object.fromEntries(during)).toMatchObject({
      tidings_subagents_spawned_total: 1,
      tidings_mail_waiting: 2,
      tidings_mail_oldest_seconds: 5,
      tidings_mail_undelivered: 0,
      tidings_model_calls_in_flight: 2,
      tidings_model_calls_waiting: 0,
      tidings_model_held: 0,
      tidings_model_not_before_timestamp_seconds: 0,
      tidings_sessions_in_memory: 2,
      tidings_feeds_open: 1,
      'tidings_steps_total{session="main"}': 2,
      'tidings_turns_total{session="main",stop="done"}': 1,
      'tidings_model_calls_total{model="claude-sonnet-5-5"}': 4,
      'tidings_tool_calls_total{result="ok"}': 1,
      'tidings_build_info{version="0.1.0",simulator="false"}': 1,
    });

    await reader?.cancel();
    door.model.release('gate');
    door.model.release('boss');
    await door.until(() => door.runtime.state(chat)?.status === 'idle' && door.runtime.lanes.inFlight === 0);
    await door.until(async () => (await figures(door)).get('tidings_mail_waiting') === 0);
    await door.post(`${at}/messages`, { text: 'refuse' });
    await door.until(() => door.runtime.state(chat)?.status === 'parked');
    await door.request('GET', '/v1/nothing');
    await door.request('GET', '/v1/chats', undefined, { authorization: '' });

    const after = await figures(door);
    const calls = door.model.calls;
    const answered = calls - 1;
    const { counted } = door.runtime.committer;
    expect(Object.fromEntries(after)).toMatchObject({
      tidings_feeds_open: 0,
      tidings_mail_waiting: 0,
      tidings_mail_oldest_seconds: 0,
      tidings_model_calls_in_flight: 0,
      'tidings_subagents{status="running"}': 0,
      'tidings_subagents_ended_total{status="completed"}': 1,
      'tidings_chats_parked_total{reason="auth"}': 1,
      'tidings_model_calls_total{model="claude-sonnet-5-5"}': calls,
      'tidings_model_errors_total{kind="auth"}': 1,
      'tidings_model_call_seconds_count{outcome="answered"}': answered,
      'tidings_model_call_seconds_count{outcome="failed"}': 1,
      // The subagent's was held for twelve seconds of the clock, the main session's for five.
      'tidings_model_call_seconds_sum{outcome="answered"}': 17,
      'tidings_steps_total{session="subagent"}': 1,
      'tidings_steps_total{session="main"}': answered - 1,
      'tidings_tokens_total{model="claude-sonnet-5-5",kind="input"}': 10 * answered,
      'tidings_tokens_total{model="claude-sonnet-5-5",kind="output"}': 5 * answered,
      'tidings_tokens_total{model="claude-sonnet-5-5",kind="cache_read"}': 0,
      tidings_transactions_total: counted.transactions,
      tidings_commits_total: counted.commits,
      tidings_transaction_seconds_count: counted.transactions,
      'tidings_http_requests_total{method="POST",route="/v1/chats",status="201"}': 1,
      'tidings_http_requests_total{method="POST",route="/v1/chats/{chat}/messages",status="202"}': 4,
      'tidings_http_requests_total{method="GET",route="/v1/chats/{chat}/events",status="200"}': 1,
      'tidings_http_requests_total{method="GET",route="none",status="404"}': 1,
      'tidings_http_requests_total{method="GET",route="none",status="401"}': 1,
      'tidings_http_request_seconds_count{route="/v1/chats"}': 1,
    });
    expect(after.get('tidings_spent_usd_total{model="claude-sonnet-5-5"}')).toBeCloseTo(0.01 * answered);
    expect(door.failures).toEqual([]);
  });

  test('counts subagents that queue, steps that are given up, and turns that are stopped', async () => {
    const door = openDoor();
    const chat = await door.chat();
    const at = `/v1/chats/${chat}`;
    for (let n = 0; n < 10; n++) {
      await door.post(`${at}/subagents`, { task: `hold:s${n}`, label: `s${n}` });
    }
    await door.post(`${at}/messages`, { text: 'hold:gate' });
    await door.until(() => door.model.calls === 9);
    expect(beginning(await figures(door), 'tidings_subagents{')).toMatchObject({
      'status="queued"}': 2,
      'status="running"}': 8,
    });
    await door.post(`${at}/stop`, { subagents: true });
    await door.until(() => door.runtime.lanes.inFlight === 0);
    await door.until(async () => (await figures(door)).get('tidings_subagents{status="queued"}') === 0);
    expect(Object.fromEntries(await figures(door))).toMatchObject({
      'tidings_subagents{status="running"}': 0,
      'tidings_subagents_ended_total{status="killed"}': 10,
      'tidings_steps_abandoned_total{because="stop"}': 1,
      'tidings_steps_abandoned_total{because="kill"}': 8,
      'tidings_turns_total{session="main",stop="stopped"}': 1,
      'tidings_turns_total{session="subagent",stop="stopped"}': 8,
      'tidings_chats_parked_total{reason="stopped"}': 1,
      'tidings_model_errors_total{kind="given_up"}': 9,
      'tidings_model_call_seconds_count{outcome="given_up"}': 9,
      tidings_mail_waiting: 0,
      tidings_subagents_spawned_total: 10,
    });
  });

  test('names no chat, no subagent and no words, however many there are', async () => {
    const door = openDoor();
    let many = 0;
    for (let n = 0; n < 12; n++) {
      const chat = await door.chat();
      await door.post(`/v1/chats/${chat}/messages`, { text: `words-of-mine-${n}` });
      await door.post(`/v1/chats/${chat}/subagents`, { task: 'secret task', label: `label-${n}` });
      await door.request('GET', `/v1/chats/${chat}/subagents/label-${n}`);
      // The person's question, the subagent's task, its news.
      await door.until(() => door.model.calls >= 3 * (n + 1) && door.runtime.lanes.inFlight === 0);
      const { size } = await figures(door);
      // The first reading has counted itself by the second.
      if (n > 1) expect(size).toBe(many);
      many = size;
    }
    const all = await figures(door);
    const text = [...all.keys()].join('\n');
    expect(text).not.toMatch(/chat_|sub_|label-|words-of-mine|secret/);
  });

  test('counts retries and failures by kind, and says until when the API wants to be left alone', async () => {
    const now = 1_700_000_000_000;
    let failures = 0;
    const door = openDoor();
    const { call } = door.model;
    Object.assign(door.model, {
      call(...asked: Parameters<typeof call>) {
        failures += 1;
        if (failures > 1) return call(...asked);
        return Promise.resolve({
          kind: 'again',
          why: 'rate_limited',
          message: 'later',
          retryAfterMs: 60_000,
        });
      },
    });
    const chat = await door.chat();
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hi' });
    await door.until(() => door.runtime.lanes.hold !== undefined);
    expect(Object.fromEntries(await figures(door))).toMatchObject({
      tidings_model_held: 1,
      // A little more than it asked for: not all gateways come at once.
      tidings_model_not_before_timestamp_seconds: now / 1_000 + 60.5,
      tidings_model_calls_waiting: 1,
      tidings_model_calls_in_flight: 0,
      'tidings_model_errors_total{kind="rate_limited"}': 1,
      'tidings_model_retries_total{kind="rate_limited"}': 1,
    });
    door.clock.advance(60_500);
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    expect(Object.fromEntries(await figures(door))).toMatchObject({
      tidings_model_held: 0,
      tidings_model_not_before_timestamp_seconds: 0,
      'tidings_model_calls_total{model="claude-sonnet-5-5"}': 2,
    });
  });

  test('knows mail and subagents of sessions that were at work before a restart', async () => {
    const door = openDoor();
    const chat = await door.chat();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:boss', label: 'boss' });
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hold:gate' });
    await door.until(() => door.model.calls === 2);
    // All is told and written: the gateway that goes down has nothing more to say.
    let quietTurns = 0;
    let written = 0;
    await door.until(() => {
      const { commits } = door.runtime.committer.counted;
      quietTurns = commits === written ? quietTurns + 1 : 0;
      written = commits;
      return quietTurns > 20;
    });
    const again = door.restart();
    again.clock.advance(3_000);
    await again.until(() => again.model.calls === 2);
    expect(Object.fromEntries(await figures(again))).toMatchObject({
      'tidings_subagents{status="running"}': 1,
      tidings_mail_waiting: 1,
      tidings_mail_oldest_seconds: 3,
      tidings_subagents_spawned_total: 0,
    });
  });
});

describe('the text of metrics', () => {
  test('spells help and labels so that whatever stands in them reads back as it was', () => {
    const metrics = makeMetrics();
    const odd = 'a "quoted" \\ back\nslash';
    metrics
      .counter({ name: 'tidings_odd_total', help: `Odd: ${odd}`, labels: ['what', 'else'] })
      .add(2.5, odd, '');
    const [family] = readMetrics(metrics.text()).values();
    expect(family?.help).toBe('Odd: a "quoted" \\\\ back\\nslash');
    expect([...(family?.samples ?? [])]).toEqual([
      ['tidings_odd_total{what="a \\"quoted\\" \\\\ back\\nslash",else=""}', 2.5],
    ]);
  });

  test('holds buckets that grow, and small and large numbers', () => {
    const metrics = makeMetrics();
    const times = metrics.histogram({ name: 'tidings_x_seconds', help: 'X', bounds: [0.5, 1] });
    for (const value of [0.2, 0.5, 0.7, 3, 1e-9]) times.observe(value);
    metrics.reads({
      name: 'tidings_y_seconds',
      help: 'Y',
      type: 'gauge',
      read: () => [[1e-7], [1e21]].slice(0, 1).map(([v]) => [v ?? 0]),
    });
    const samples = readMetrics(metrics.text()).get('tidings_x_seconds')?.samples;
    expect([...(samples ?? [])].map(([, value]) => value).slice(0, 3)).toEqual([3, 4, 5]);
    expect(readMetrics(metrics.text()).get('tidings_y_seconds')?.samples.get('tidings_y_seconds')).toBe(1e-7);
  });

  test('has each name once: who asks for it again gets what is there, and a wrong name is refused', () => {
    const metrics = makeMetrics();
    const about = { name: 'tidings_a_total', help: 'A' };
    metrics.counter(about).add(1);
    metrics.counter(about).add(1);
    expect(readMetrics(metrics.text()).get('tidings_a_total')?.samples.get('tidings_a_total')).toBe(2);
    expect(() => metrics.counter({ name: 'tidings_a', help: 'A' })).toThrow(/no name/);
    expect(() => metrics.level(about)).not.toThrow();
    expect(() => metrics.reads({ ...about, type: 'counter', read: () => [] })).toThrow(/already/);
    expect(() => metrics.counter({ ...about, name: 'tidings_b_total', labels: ['x'] }).add(1)).toThrow(
      /labels/,
    );
  });
});
