/**
 * What one session tells of itself to whoever shows it beside others, wherever each is kept: what it does now and the
 * steers on their way through it. Owns this shape; read off the state and of no effect.
 */
import { z } from 'zod';
import { spendingSchema, usageSchema } from './card.ts';
import { pendingSteers, type Session } from './session.ts';

const count = z.number().int().nonnegative();

export const glanceSchema = z.object({
  steps: count,
  activity: z.string(),
  usage: usageSchema,
  /** Its own calls, by day and model. */
  spending: z.array(spendingSchema),
  pendingSteers: count,
  /** The last number that it accepted from each sender. */
  accepted: z.record(z.string(), count),
  /** Steers that it has posted and that are not acknowledged. */
  passing: z.array(z.object({ to: z.string(), n: count, target: z.string() })),
});
export type Glance = z.infer<typeof glanceSchema>;

export function glanceOf(state: Session): Glance {
  const { mail } = state;
  return {
    steps: state.attemptSteps,
    activity: state.activity,
    usage: state.usage,
    spending: [...state.spending],
    pendingSteers: pendingSteers(state),
    accepted: mail.accepted,
    passing: mail.undelivered.flatMap(({ to, n, body }) =>
      body.kind === 'steer' ? [{ to, n, target: body.target }] : [],
    ),
  };
}
