/** The arguments of a command, as Node reads them, with what is wrong told as the user's own mistake. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

/**
 * @param options those that there are
 * @param allowPositionals whether names may stand beside them, in any number
 * @throws UsageError in Node's words
 */
export function argumentsOf<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
  allowPositionals = true,
) {
  try {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals, options });
    return { names: positionals, values };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
