import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../src/hosts/node/config/describe.ts';
import { load, refusal } from './load.ts';

describe('the setting trust', () => {
  test('says how far sessions go and which rules there are, and is shown', () => {
    const trust = {
      subagents: 'ask',
      allow: ['bash(npm test)', 'write(src/**)'],
      deny: ['bash(npm publish *)'],
    };
    const config = load({ file: { trust } });
    expect(config.trust).toEqual({ main: 'auto', ask: [], ...trust });
    const text = describeConfig(config);
    expect(text).toMatch(/^trust\.subagents +ask +file/m);
    expect(text).toMatch(/^trust\.allow +bash\(npm test\), write\(src\/\*\*\) +file/m);
  });

  test.each([
    [{ main: 'plan' }, 'trust.main'],
    [{ subagents: 'all' }, 'plan, ask or auto'],
    [{ allow: ['git'] }, 'the tools are bash, read'],
    [{ ask: ['bash()'] }, 'bash alone if all its calls are meant'],
    [{ deny: ['subagents(kill)'] }, 'only changes sessions'],
    [{ allow: ['bash(git status && rm x)'] }, 'the words of one command'],
    [{ allow: 'bash' }, 'a list of rules'],
    [{ rules: [] }, 'rules'],
    ['auto', 'an object such as'],
  ])('as %j stops the start with a line that says what it may be', (trust, words) => {
    expect(refusal({ file: { trust } }).join('\n')).toContain(words);
  });
});
