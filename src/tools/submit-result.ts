/**
 * Owns `submit_result`, by which a subagent hands in a result that must have a form: its words for the model, and
 * whether what came fits. Never decides what follows from one that doesn't.
 */
import { z } from 'zod';
import type { Intent } from '../core/commands.ts';
import type { ToolCall } from '../core/ports.ts';
import { type CompileSchema, isTooDeep, type ResultSchema, tooDeepWords } from './result-schema.ts';
import { workTool } from './work-tool.ts';

/** Characters of a result as JSON text. */
const RESULT_CHARS = 200_000;

export const submitResult = workTool({
  name: 'submit_result',
  description:
    'Hands in your result in the form that your task asks for, and ends your work. What does not fit comes back with what is wrong. The schema stands in your task.',
  input: z.strictObject({
    result: z
      .unknown()
      .describe('The result itself, as JSON that fits the schema; not JSON inside a string.'),
  }),
  readOnly: false,
  repeatable: false,
});

/** What a call of `submit_result` means where the result must fit `schema`. */
export function submitIntent(
  input: ToolCall['input'],
  schema: ResultSchema | undefined,
  compile: CompileSchema | undefined,
): Intent {
  const parsed = submitResult.parse(input);
  if (!parsed.ok) return { do: 'error', text: parsed.error };
  const { result } = input;
  if (result === undefined) return { do: 'error', text: 'submit_result needs `result`.' };
  if (!schema || !compile) return { do: 'error', text: 'No result of a certain form is asked of you.' };
  if (isTooDeep(result)) return { do: 'unfit', text: `Your result ${tooDeepWords}; make it flatter.` };
  const { length } = JSON.stringify(result);
  if (length > RESULT_CHARS) {
    return {
      do: 'unfit',
      text: `Your result has ${length} characters as JSON; at most ${RESULT_CHARS} are taken. Put long material into a file and name the file.`,
    };
  }
  const compiled = compile(schema);
  // It was checked when it came; a later release may know less.
  if (!compiled.ok)
    return { do: 'error', text: `The schema of your task can't be checked: ${compiled.error}.` };
  const misfit = compiled.misfit(result);
  if (misfit !== undefined) {
    return {
      do: 'unfit',
      text: `Your result does not fit the schema: ${misfit}. Mend it and hand it in again.`,
    };
  }
  const laid = JSON.stringify(result, null, 2);
  // Deep ones grow without measure when they are laid out.
  return { do: 'submit', result: laid.length <= 2 * RESULT_CHARS ? laid : JSON.stringify(result) };
}
