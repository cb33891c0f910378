/**
 * The text of `tidings config`: what is in force and where each value came from, for a terminal. It is handed
 * finished values, secrets already replaced, and never reads a setting.
 */

export interface SettingLine {
  /** Its key in the configuration file; of a setting that only the environment has, what it is about. */
  readonly name: string;
  readonly value: string;
  readonly from: 'default' | 'environment' | 'file';
  /** The environment variable that sets it; absent when only the file can. */
  readonly variable?: string;
  /** What it is, in a few words. */
  readonly meaning: string;
}

interface ConfigReport {
  readonly file: { readonly path: string; readonly exists: boolean };
  /** Who answers: one sentence. */
  readonly answers: string;
  readonly settings: readonly SettingLine[];
  readonly warnings: readonly string[];
}

/** The report as text that ends with a line break. */
export function configText({ file, answers, settings, warnings }: ConfigReport): string {
  const rows = [
    ['SETTING', 'IN FORCE', 'FROM', 'VARIABLE', 'WHAT IT IS'],
    ...settings.map((line) => [
      line.name,
      line.value,
      line.from,
      line.variable ?? '(file only)',
      line.meaning,
    ]),
  ].map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, ' ')));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const found = file.exists ? file.path : `none; it would be ${file.path}`;
  return [
    `Answers: ${answers}`,
    `Configuration file: ${found}`,
    'A variable in the environment wins over the file, the file over the default.',
    '',
    ...table,
    ...(warnings.length > 0 ? ['', ...warnings.map((warning) => `Warning: ${warning}`)] : []),
    '',
  ].join('\n');
}
