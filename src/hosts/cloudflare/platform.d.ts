/**
 * What is used of the Workers platform besides what any web host has: declared here, and not for the whole project, so
 * that nothing else can come to need it.
 */
declare module 'cloudflare:workers' {
  import type { DurableObjectState } from '@cloudflare/workers-types';

  /** An object with its own storage, reached by name. Its public methods are its RPC. */
  export abstract class DurableObject<Env> {
    protected readonly ctx: DurableObjectState;
    protected readonly env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }
}

/** Text that is bundled. */
declare module '*.md' {
  const text: string;
  export default text;
}

declare const WebSocketPair: {
  new (): {
    readonly 0: import('@cloudflare/workers-types').WebSocket;
    readonly 1: import('@cloudflare/workers-types').WebSocket;
  };
};

declare const WebSocketRequestResponsePair: {
  new (request: string, response: string): import('@cloudflare/workers-types').WebSocketRequestResponsePair;
};

interface ResponseInit {
  readonly webSocket?: import('@cloudflare/workers-types').WebSocket | null;
}

interface Response {
  readonly webSocket?: import('@cloudflare/workers-types').WebSocket | null;
}
