/** Rules about thinking: what a model accepts, and thinking blocks that come back. */
import { effortLevels } from '../models.ts';
import { isFields } from '../request.ts';
import { bindingControls } from './betas.ts';
import { beginPrefix, isUnmodified, readSignature, type Signature, thoughtsBefore } from './prefix.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { place, type View } from './view.ts';

/** From low to high; -1 for what is none of them. */
const levels: readonly unknown[] = effortLevels;

function budget(view: View): number {
  const value = isFields(view.body.thinking) ? view.body.thinking.budget_tokens : undefined;
  return typeof value === 'number' ? value : Number.NaN;
}

const parameters = rulesOf('limits', [
  {
    id: 'thinking.adaptive-unsupported',
    source: 'D',
    applies: (model) => !model.thinking.includes('adaptive'),
    check: (view) =>
      view.thinkingType === 'adaptive'
        ? `thinking.type: adaptive is not supported on ${view.modelId}`
        : undefined,
  },
  {
    id: 'thinking.enabled-unsupported',
    source: 'D',
    applies: (model) => !model.thinking.includes('enabled'),
    check: (view) =>
      view.thinkingType === 'enabled'
        ? `thinking.type: enabled is not supported on ${view.modelId}; use adaptive with output_config.effort`
        : undefined,
  },
  {
    id: 'thinking.disabled-unsupported',
    source: 'D',
    applies: (model) => !model.thinking.includes('disabled'),
    check: (view) =>
      view.thinkingType === 'disabled'
        ? `thinking.type: disabled is not supported on ${view.modelId}`
        : undefined,
  },
  {
    id: 'thinking.between-tools-unsupported',
    source: 'U',
    applies: (model) => !model.thinking.includes('between_tools'),
    check: (view) =>
      view.thinkingType === 'between_tools'
        ? `thinking.type: between_tools is not supported on ${view.modelId}`
        : undefined,
  },
  {
    id: 'thinking.disabled-effort',
    source: 'D',
    applies: (model) => model.thinking.includes('disabled') && model.disabledUpTo !== 'max',
    check({ thinkingType, effort, model }) {
      if (thinkingType !== 'disabled' || model === undefined) return undefined;
      return levels.indexOf(effort) > levels.indexOf(model.disabledUpTo)
        ? `thinking.type: disabled is allowed only up to effort ${model.disabledUpTo} on ${model.id}`
        : undefined;
    },
  },
  {
    id: 'thinking.budget-minimum',
    source: 'D',
    check: (view) =>
      view.thinkingType === 'enabled' && budget(view) < 1024
        ? 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024'
        : undefined,
  },
  {
    id: 'thinking.budget-below-max-tokens',
    source: 'D',
    check: (view) =>
      view.thinkingType === 'enabled' && budget(view) >= Number(view.body.max_tokens)
        ? '`max_tokens` must be greater than `thinking.budget_tokens`'
        : undefined,
  },
  {
    id: 'thinking.effort-unsupported',
    source: 'U',
    applies: (model) => model.efforts.length < effortLevels.length,
    check: ({ effort, model }) =>
      typeof effort === 'string' && model !== undefined && !model.efforts.some((each) => each === effort)
        ? `output_config.effort: "${effort}" is not supported on ${model.id}`
        : undefined,
  },
]);

/** The turn whose thinking the API insists on: the assistant's latest. */
function latestAnswer(view: View) {
  return view.turns.findLast((turn) => turn.role === 'assistant');
}

const blocks = rulesOf('signatures', [
  {
    id: 'thinking.block-in-user',
    source: 'D',
    check: (view) =>
      first([...view.blocks('thinking'), ...view.blocks('redacted_thinking')], (block) =>
        block.role === 'user'
          ? `${place(block)}: \`thinking\` blocks can only be in \`assistant\` messages`
          : undefined,
      ),
  },
  {
    id: 'thinking.manual-first',
    source: 'D',
    check(view) {
      if (view.thinkingType !== 'enabled') return undefined;
      const latest = latestAnswer(view);
      const start = latest?.blocks[0];
      if (start === undefined || !latest?.blocks.some((block) => block.type === 'tool_use')) return undefined;
      return start.type === 'thinking' || start.type === 'redacted_thinking'
        ? undefined
        : `${place(start)}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${start.type}\``;
    },
  },
  {
    id: 'thinking.signature-foreign',
    source: 'D',
    check: (view) =>
      first(view.blocks('thinking'), (block) =>
        readSignature(block.fields.signature) === undefined
          ? `${place(block)}: Invalid \`signature\` in \`thinking\` block`
          : undefined,
      ),
  },
  {
    id: 'thinking.modified',
    source: 'D',
    check: (view) =>
      first(view.blocks('thinking'), (block) => {
        const signature = readSignature(block.fields.signature);
        return signature === undefined || isUnmodified(block.fields.thinking, signature)
          ? undefined
          : `${place(block)}: \`thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response`;
      }),
  },
  {
    id: 'thinking.incomplete',
    source: 'D',
    check(view) {
      const latest = latestAnswer(view);
      if (latest === undefined) return undefined;
      const signatures = latest.blocks.flatMap((block) => {
        const signature = block.type === 'thinking' ? readSignature(block.fields.signature) : undefined;
        return signature === undefined ? [] : [signature];
      });
      const expected = latest.blocks.reduce(
        (most, block) => Math.max(most, block.type === 'tool_use' ? thoughtsBefore(block.fields.id) : 0),
        0,
      );
      return isWhole(signatures) && signatures.length >= expected
        ? undefined
        : `messages.${latest.message}: \`thinking\` blocks in the latest assistant message cannot be modified: some are missing or out of order`;
    },
  },
  {
    id: 'thinking.bound-elsewhere',
    source: 'D',
    applies: (model) => model.boundThinking,
    check(view) {
      if (view.blocks('thinking').length === 0 || view.betas.includes(bindingControls)) return undefined;
      const prefix = beginPrefix(view.system, view.tools);
      return first(view.messages, (message) =>
        first(message.blocks, (block) => {
          prefix.add(message.role, block.fields);
          const signature = block.type === 'thinking' ? readSignature(block.fields.signature) : undefined;
          return signature === undefined || signature.prefix === prefix.digest()
            ? undefined
            : `${place(block)}: Invalid \`signature\` in \`thinking\` block: it is bound to a different conversation. What stands before the block was changed`;
        }),
      );
    },
  },
]);

/** Whether the thinking blocks of one turn are those of whole answers, each complete and in order. */
function isWhole(signatures: readonly Signature[]): boolean {
  let next = 1;
  for (const signature of signatures) {
    if (signature.index !== next) return false;
    next = signature.index === signature.of ? 1 : next + 1;
  }
  return next === 1;
}

export const thinkingRules: readonly Rule[] = [...parameters, ...blocks];
