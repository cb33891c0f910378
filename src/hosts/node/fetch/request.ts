/**
 * One GET to addresses that were checked before, and to no other. Owns the connection until its answer's headers
 * are there; sends nothing that could identify anybody, and follows no redirect.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pageHeaders } from '../../../tools/page-fetch.ts';
import type { HostAddress } from './names.ts';

export interface Answer {
  readonly response: IncomingMessage;
  /** Closes the connection. */
  close(): void;
}

const headers = { ...pageHeaders, 'accept-encoding': 'gzip, deflate, br' };

/** Rejects with what the connection died of, or the signal's reason. */
export function get(url: URL, addresses: readonly HostAddress[], signal: AbortSignal): Promise<Answer> {
  // An agent of its own: no connection, session or proxy setting is shared with anything else.
  const settings = { keepAlive: false, maxSockets: 1 };
  const options = {
    method: 'GET',
    headers,
    lookup: pinned(addresses),
    signal,
    insecureHTTPParser: false,
    maxHeaderSize: 32_768,
  };
  return new Promise((resolve, reject) => {
    const asked: ClientRequest =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: new HttpsAgent({ ...settings, maxCachedSessions: 0 }) })
        : httpRequest(url, { ...options, agent: new HttpAgent(settings) });
    asked.once('error', (error) => reject(signal.aborted ? signal.reason : error));
    // A server may hang up, or switch to another protocol, without an error.
    asked.once('close', () => reject(new Error('the connection was closed')));
    asked.once('response', (response) => {
      // Errors from here on end the reading of the body.
      asked.on('error', () => undefined);
      const peer = response.socket.remoteAddress;
      const literal = isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
      if (!literal && !addresses.some(({ address }) => address === peer)) {
        asked.destroy();
        reject(new Error(`the connection went to ${peer ?? 'nowhere'}, which was not checked`));
        return;
      }
      resolve({ response, close: () => void asked.destroy() });
    });
    asked.end();
  });
}

/** Answers every question for a name with what was found and checked before: a second answer can't change it. */
function pinned(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else if (first === undefined) callback(new Error('there is no address'), '', 0);
    else callback(null, first.address, first.family);
  };
}
