/** Rules about `cache_control` marks. */
import { blocksOf, type Fields, isFields } from '../request.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import type { View } from './view.ts';

interface Mark {
  readonly at: string;
  readonly control: Fields;
  /** What carries it; the request itself for a top-level mark. */
  readonly on: Fields;
}

function isMarked(fields: Fields): boolean {
  return fields.cache_control !== undefined && fields.cache_control !== null;
}

/** All marks in the order in which the API reads a prompt: tools, system, messages, then the top-level one. */
function marks(view: View): Mark[] {
  const found: Mark[] = [];
  const look = (at: string, on: Fields) => {
    if (!isMarked(on)) return;
    found.push({
      at: `${at}.cache_control`,
      control: isFields(on.cache_control) ? on.cache_control : {},
      on,
    });
  };
  view.tools.forEach((tool, index) => {
    look(`tools.${index}`, tool);
  });
  view.system.forEach((block, index) => {
    look(`system.${index}`, block);
  });
  for (const message of view.messages)
    for (const { fields, block } of message.blocks) {
      const at = `messages.${message.index}.content.${block}`;
      if (fields.type === 'tool_result' && Array.isArray(fields.content))
        blocksOf(fields.content).forEach((part, index) => {
          look(`${at}.content.${index}`, part);
        });
      look(at, fields);
    }
  if (isMarked(view.body))
    found.push({
      at: 'cache_control',
      control: isFields(view.body.cache_control) ? view.body.cache_control : {},
      on: view.body,
    });
  return found;
}

export const cacheRules: readonly Rule[] = rulesOf('cache', [
  {
    id: 'cache.type',
    source: 'D',
    check: (view) =>
      first(marks(view), ({ at, control }) =>
        control.type === 'ephemeral' ? undefined : `${at}.type: Input should be 'ephemeral'`,
      ),
  },
  {
    id: 'cache.ttl',
    source: 'D',
    check: (view) =>
      first(marks(view), ({ at, control }) =>
        control.ttl === undefined || control.ttl === '5m' || control.ttl === '1h'
          ? undefined
          : `${at}.ttl: Input should be '5m' or '1h'`,
      ),
  },
  {
    id: 'cache.too-many',
    source: 'I',
    check(view) {
      const count = marks(view).length;
      return count > 4
        ? `A maximum of 4 blocks with cache_control may be provided. Found ${count}`
        : undefined;
    },
  },
  {
    id: 'cache.ttl-order',
    source: 'D',
    check(view) {
      let short = false;
      return first(marks(view), ({ at, control }) => {
        if (control.ttl !== '1h') short = true;
        else if (short)
          return `${at}: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block`;
        return undefined;
      });
    },
  },
  {
    id: 'cache.on-empty-text',
    source: 'D',
    check: (view) =>
      first(marks(view), ({ at, on }) =>
        on.type === 'text' && on.text === ''
          ? `${at}: cache_control cannot be set for empty text blocks`
          : undefined,
      ),
  },
  {
    id: 'cache.on-thinking',
    source: 'D',
    check: (view) =>
      first(marks(view), ({ at, on }) =>
        on.type === 'thinking' || on.type === 'redacted_thinking'
          ? `${at}: cache_control cannot be set for thinking blocks`
          : undefined,
      ),
  },
]);
