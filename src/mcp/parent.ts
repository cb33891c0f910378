/**
 * The MCP client as a parent: which chat is its own. Derives the chat from the token's name and the name that the client
 * gave itself, so that every request finds the same one and nothing about it is kept here. Asks no model.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Client } from '../client/index.ts';
import type { Parent } from './tool.ts';

/** The longest title of a chat. */
const TITLE_CHARS = 200;

export interface ParentIdentity {
  /** The name of the token that it comes with. */
  readonly token: string;
  /** What it calls itself; absent: it is the one of its token. */
  readonly as?: string | undefined;
}

/** A chat that was deleted is made anew: the same request makes it as before. */
export function makeParent(client: Client, { token, as = '' }: ParentIdentity): Parent {
  return {
    client,
    async chat(name = '') {
      const whose = bytesToHex(sha256(utf8ToBytes(JSON.stringify([token, as, name])))).slice(0, 40);
      const title = `MCP: ${[token, as, name].filter((part) => part !== '').join(' / ')}`;
      const chat = await client.createChat({ lead: 'program', title: oneLine(title), id: `mcp:${whose}` });
      return chat.id;
    },
  };
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, TITLE_CHARS)
    .toWellFormed();
}
