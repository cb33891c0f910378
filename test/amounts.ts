/** How often a test tries what may go wrong: a share of it in `npm test`, the whole in `npm run fault`. */
export const wholeAmounts = 'WHOLE_AMOUNTS';

export function amount(share: number, whole: number): number {
  return process.env[wholeAmounts] === '1' ? whole : share;
}
