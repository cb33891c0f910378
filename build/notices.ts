/** The licences of the packages whose code a build took in, as one text. Reads only what is installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
});

/**
 * @param root the folder that `inputs` are relative to
 * @param inputs the files that went in, with `/`
 * @throws when a package doesn't say under which licence it stands
 */
export function notices(root: string, inputs: readonly string[]): string {
  const folders = new Set(
    inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const sections = [...folders].sort().map((folder) => {
    const { name, version, license, author } = manifestOf(join(root, folder));
    const texts = readdirSync(join(root, folder))
      .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    if (texts.length === 0)
      texts.push(`Its package holds no text of the licence. Author: ${author ?? name}.`);
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  const rule = `\n\n${'─'.repeat(78)}\n\n`;
  return `${['This package holds code of the packages below, each under its own licence.', ...sections].join(rule)}\n`;
}

function manifestOf(folder: string): z.infer<typeof manifestSchema> {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) throw new Error(`${folder} is not a package`);
  return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
