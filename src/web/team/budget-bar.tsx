/** What a chat may spend in a day: how much is spent, set aside and free, as a bar and in words. Owns no figures. */
import type { Chat } from '../../client/index.ts';
import { count, money } from '../text/words.ts';

export function BudgetBar({ budget }: { readonly budget: Chat['budget'] }) {
  const { usd, spent, reserved, free } = budget;
  const part = (amount: number): string =>
    `${usd > 0 ? Math.min(100, Math.max(0, (amount / usd) * 100)) : 0}%`;
  const words = `${money(spent.usd)} spent, ${money(reserved.usd)} set aside, ${money(free.usd)} free of ${money(usd)} today`;
  return (
    <div class="budget">
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> can't show two amounts */}
      <div
        class="budget-bar"
        role="meter"
        aria-label="Budget"
        aria-valuemin={0}
        aria-valuemax={usd}
        aria-valuenow={Math.min(usd, spent.usd)}
        aria-valuetext={words}
        data-level={free.usd <= 0 ? 'out' : free.usd < usd / 10 ? 'low' : 'well'}
      >
        <span class="spent" style={{ width: part(spent.usd) }} />
        <span class="reserved" style={{ width: part(reserved.usd) }} />
      </div>
      <p class="budget-words" title={`Day ${budget.day} in UTC`}>
        <span>
          <b>{money(spent.usd)}</b> spent
        </span>
        <span>{money(reserved.usd)} set aside</span>
        <span>
          {money(free.usd)} free of {money(usd)} today
        </span>
        {budget.tokens === undefined ? null : (
          <span>
            {count(spent.tokens)} of {count(budget.tokens)} tokens
          </span>
        )}
      </p>
    </div>
  );
}
