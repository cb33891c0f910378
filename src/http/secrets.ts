/** Takes tokens out of what is logged or said back. Knows their looks, and the admin token by itself. */
import { tokenPrefix } from './tokens.ts';

/** A named token, cut short or not: fewer characters than this are no secret. */
const named = new RegExp(`${tokenPrefix}[A-Za-z0-9_-]{16,}`, 'g');

/** @param admin the admin token, which has no looks of its own; empty: there is none */
export function hideTokens(text: string, admin: string): string {
  const rest = text.replace(named, `${tokenPrefix}(hidden)`);
  return admin === '' ? rest : rest.replaceAll(admin, '(hidden)');
}
