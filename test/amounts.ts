/** How often a test tries what may go wrong: a share of it in `npm test`, the whole in `npm run fault`. */
export const wholeAmounts = 'WHOLE_AMOUNTS';

export function amount<Of = number>(share: Of, whole: Of): Of {
  return process.env[wholeAmounts] === '1' ? whole : share;
}
