import { describe, expect, test } from 'vitest';
import { environment, settingNames } from '../../src/config/schema.ts';
import { describeConfig } from '../../src/hosts/node/config/describe.ts';
import { load, path } from './load.ts';

/** The row of one setting, its columns apart. */
function row(text: string, name: string): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no row ${name} in\n${text}`);
  return line.split(/ {2,}/);
}

describe('tidings config', () => {
  test('says without a key that the simulator answers, and where a file would be', () => {
    const lines = describeConfig(load({})).split('\n');
    expect(lines[0]).toBe('Answers: the built-in simulator, not a model. For a model set ANTHROPIC_API_KEY.');
    expect(lines[1]).toBe(`Configuration file: none; it would be ${path}`);
  });

  test('has a row for each setting, with its value, its source, its variable and what it is', () => {
    const text = describeConfig(load({}));
    for (const name of settingNames) {
      const [, value, from, variable, meaning] = row(
        text,
        { retention: 'retention.toolOutputDays', trust: 'trust.main', mcp: 'mcp.dialects' }[String(name)] ??
          name,
      );
      expect(value).not.toBe('');
      expect(from).toBe('default');
      expect(variable).toBe(environment[name]?.variable ?? '(file only)');
      expect(meaning).toMatch(/\w/);
    }
  });

  test('says of each value where it came from', () => {
    const file = {
      port: 1,
      maxDepth: 2,
      models: { quick: { id: 'house-3', prices: { input: 1, output: 5 }, thinking: 'low' } },
      repositories: { app: '../app', docs: '/srv/docs' },
      fetch: { allow: ['wiki.corp', '10.0.0.0/8'] },
      retention: { endedTreesDays: 0 },
      instructions: `You keep\n  the books${' of the house'.repeat(5)}.`,
    };
    const env = { PORT: '0', TIDINGS_MODEL: 'quick', ANTHROPIC_BASE_URL: 'http://127.0.0.1:4010' };
    const text = describeConfig(load({ env, file }));
    expect(text).toContain('Answers: house-3 (alias quick) at http://127.0.0.1:4010.\n');
    expect(text).toContain(`Configuration file: ${path}\n`);
    expect(row(text, 'port').slice(1, 3)).toEqual(['0', 'environment']);
    expect(row(text, 'maxDepth').slice(1, 3)).toEqual(['2', 'file']);
    expect(row(text, 'maxSpawns').slice(1, 3)).toEqual(['200', 'default']);
    expect(row(text, 'API address').slice(1, 3)).toEqual(['http://127.0.0.1:4010', 'environment']);
    expect(row(text, 'subagentModel').slice(1, 3)).toEqual(['quick (same as model)', 'default']);
    expect(row(text, 'repositories.app').slice(1, 3)).toEqual(['/app', 'file']);
    expect(row(text, 'repositories.docs').slice(1, 3)).toEqual(['/srv/docs', 'file']);
    expect(row(text, 'fetch.allow').slice(1, 3)).toEqual(['wiki.corp, 10.0.0.0/8', 'file']);
    expect(row(text, 'models.quick').slice(1, 3)).toEqual([
      'house-3, prices {"input":1,"output":5}, thinking low',
      'file',
    ]);
    expect(row(text, 'retention.toolOutputDays').slice(1, 3)).toEqual(['30 days', 'file']);
    expect(row(text, 'retention.endedTreesDays').slice(1, 3)).toEqual(['for ever', 'file']);
    expect(row(text, 'instructions')[1]).toBe(
      'You keep the books of the house of the house of t… (86 characters)',
    );
  });

  test('shows no secret', () => {
    const env = { ANTHROPIC_API_KEY: 's3cret-1', ANTHROPIC_AUTH_TOKEN: 's3cret-2' };
    const text = describeConfig(load({ env, file: { token: 's3cret-s3cret-s3cret' } }));
    expect(text).not.toContain('s3cret');
    expect(row(text, 'API key')[1]).toBe('set (hidden)');
    expect(row(text, 'API token')[1]).toBe('set (hidden), not used beside a key');
    expect(row(text, 'token').slice(1, 3)).toEqual(['set (hidden)', 'file']);
  });

  test('says where the token that is made is kept', () => {
    expect(row(describeConfig(load({})), 'token')[1]).toBe(
      'made at first start, kept in /chat/.tidings/admin-token',
    );
  });

  test('ends with the warnings', () => {
    const text = describeConfig(load({ env: { TIDINGS_ELSEWHERE: '1' } }));
    expect(text).toMatch(
      /\n\nWarning: TIDINGS_ELSEWHERE \(environment\) is not a setting and is ignored\.\n$/,
    );
  });

  test('a value cannot steer the terminal', () => {
    const text = describeConfig(load({ file: { data: 'a\u001b[31m\nb' } }));
    expect(row(text, 'data')[1]).toBe('/chat/a [31m b');
  });
});
