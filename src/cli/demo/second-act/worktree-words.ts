/** Reads what the tool `worktrees` tells a model: which files two of them share, which files stood in the way. */

/** Files that, by a list of worktrees, the one of `label` changes and the branch `other`, not landed, changes, too. */
export function sharedFiles(listed: string, label: string, other: string): string[] {
  const lines = listed.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`${label} (`));
  const rest = from < 0 ? [] : lines.slice(from + 1);
  const next = rest.findIndex((line) => !line.startsWith('  '));
  const own = next < 0 ? rest : rest.slice(0, next);
  const head = `  also changed by ${other}, not landed: `;
  return own.flatMap((line) => (line.startsWith(head) ? line.slice(head.length).split(', ') : []));
}

/** Files that a refusal names. */
export function filesInTheWay(refusal: string): string[] {
  const [, files = ''] = /^Files: (.+)$/m.exec(refusal) ?? [];
  return files === '' ? [] : files.split(', ');
}
