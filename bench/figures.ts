/** Figures, their aims and the table of them. Owns how a figure is judged and written; measures nothing. */
import { z } from 'zod';

const figureSchema = z.object({
  /** Stable name for programs. */
  id: z.string(),
  /** What was measured, for people. */
  name: z.string(),
  unit: z.enum(['ms', 's', 'turns/s', 'MiB', 'KiB', 'requests', 'ms CPU', 'times']),
  value: z.number(),
  /** The same of what stands beside it: the bare loop, unless `beside` names something else. */
  floor: z.number().optional(),
  beside: z.string().optional(),
  ratio: z.number().optional(),
  aim: z.string().optional(),
  met: z.boolean().optional(),
  samples: z.number().int(),
});
export type Figure = z.infer<typeof figureSchema>;

export const resultSchema = z.object({
  version: z.literal(1),
  at: z.string(),
  size: z.string(),
  machine: z.object({ cores: z.number(), cpu: z.string(), node: z.string(), memoryGib: z.number() }),
  seconds: z.number(),
  figures: z.array(figureSchema),
});
export type Result = z.infer<typeof resultSchema>;

/** What a figure should come to. `floor` is what stands beside it. */
export type Aim =
  /** At most `times` the floor and `plus` more. */
  | { readonly kind: 'overhead'; readonly times: number; readonly plus: number }
  | { readonly kind: 'share'; readonly atLeast: number }
  | { readonly kind: 'at most'; readonly value: number };

export interface Measured {
  readonly id: string;
  readonly name: string;
  readonly unit: Figure['unit'];
  readonly value: number;
  readonly floor?: number;
  readonly beside?: string;
  readonly samples: number;
  readonly aim?: Aim;
}

/** A figure with its ratio, and whether it reaches its aim. */
export function figure({ aim, ...measured }: Measured): Figure {
  const { value, floor, unit } = measured;
  // A floor of nothing, as of a process whose clock has not moved, is none to compare with.
  const compared = floor ? { ...measured, ratio: value / floor } : measured;
  if (!aim) return compared;
  return { ...compared, aim: inWords(aim, unit, measured.beside), met: isMet(aim, value, floor) };
}

function isMet(aim: Aim, value: number, floor: number | undefined): boolean {
  switch (aim.kind) {
    case 'at most':
      return value <= aim.value;
    case 'overhead':
      return value <= aim.times * known(floor) + aim.plus;
    case 'share':
      return value >= aim.atLeast * known(floor);
  }
}

function known(floor: number | undefined): number {
  if (floor === undefined) throw new Error('An aim beside the floor needs a floor that was measured.');
  return floor;
}

function inWords(aim: Aim, unit: string, beside = 'floor'): string {
  const base = beside === 'floor' ? 'floor' : 'that';
  switch (aim.kind) {
    case 'at most':
      return `≤ ${shown(aim.value)} ${unit}`;
    case 'overhead':
      return `≤ ${aim.times === 1 ? '' : `${aim.times} × `}${base}${aim.plus === 0 ? '' : ` + ${aim.plus} ${unit}`}`;
    case 'share':
      return `≥ ${aim.atLeast} × ${base}`;
  }
}

/** Three digits that count. */
export function shown(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 2));
}

/** The result as a Markdown table, with the machine above it. */
export function asMarkdown({ machine, size, seconds, figures }: Result): string {
  const rows = figures.map(({ name, unit, value, floor, beside, ratio, aim, met }) => [
    name,
    `${shown(value)} ${unit}`,
    floor === undefined ? '–' : `${shown(floor)} ${unit}${beside === undefined ? '' : ` (${beside})`}`,
    ratio === undefined ? '–' : `${shown(ratio)} ×`,
    aim ?? '–',
    met === undefined ? '' : met ? 'yes' : '**no**',
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `${machine.cores} cores (${machine.cpu}), Node ${machine.node}; ${size} run, ${Math.round(seconds)} s. Gateway, scripted model, floor and client share the machine; the model answers at once unless a row says otherwise.`,
    '',
    line(['', 'Tidings', 'floor: bare SDK', 'ratio', 'aim', 'met']),
    line(['---', '---:', '---:', '---:', '---', '---']),
    ...rows.map(line),
    '',
  ].join('\n');
}
