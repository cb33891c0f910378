import { expect, test } from 'vitest';
import { runtimeLog } from '../../src/log/lines.ts';
import { makeLog } from '../../src/log/log.ts';

test('tells once of a "not before" that many calls bring, and of each that is another', () => {
  const lines: string[] = [];
  const log = runtimeLog(makeLog('warn', { write: (line) => lines.push(line) }), () => undefined);
  const at = Date.UTC(2026, 10, 20, 14, 5);
  for (const later of [0, 900, 1_800, 600_000]) log.held?.({ why: 'rate_limited', notBefore: at + later });
  log.held?.({ why: 'connection' });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'warn', why: 'rate_limited', notBefore: '2026-11-20T14:05:00.000Z' },
    { level: 'warn', why: 'rate_limited', notBefore: '2026-11-20T14:15:00.000Z' },
    { level: 'warn', why: 'connection' },
  ]);
});
