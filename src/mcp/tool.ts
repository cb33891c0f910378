/**
 * What a tool of the MCP server is, and what a set of them under one address is. Holds no behaviour: each tool is an
 * adapter around the typed client, so an MCP client may do what its token may do over HTTP, and nothing else.
 */
import type { z } from 'zod';
import type { Client, StreamedEvent } from '../client/index.ts';

/** The MCP client as the parent of what it spawns. */
export interface Parent {
  /** Asks as the MCP client: with its token, over the same routes that everyone uses. */
  readonly client: Client;
  /**
   * The id of the chat whose subagents are the client's, made when it is first asked for.
   * @param name for dialects whose clients name an orchestrator: one chat each; absent: the client's own
   */
  chat(name?: string): Promise<string>;
}

/** What a call came to: words for the model, and for programs the same as an object. */
export interface ToolOutcome {
  readonly text: string;
  readonly structured?: { readonly [key: string]: unknown };
  /** It could not be done, and the text says how to mend it. */
  readonly isError?: boolean;
}

export interface McpTool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title?: string;
  /** For the model. */
  readonly description: string;
  readonly input: Input;
  /** Changes nothing. */
  readonly readOnly?: boolean;
  /** @param signal aborted once the client has gone or given up: what waits ends then, and changes nothing */
  run(parent: Parent, input: z.output<Input>, signal: AbortSignal): Promise<ToolOutcome>;
}

export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly description?: string;
  readonly mimeType: string;
}

/** What may be read and watched under an address. */
export interface Resources {
  readonly templates: readonly (Omit<Resource, 'uri'> & { readonly uriTemplate: string })[];
  list(parent: Parent): Promise<readonly Resource[]>;
  /** Whether this is, or may come to be, the address of one. */
  names(uri: string): boolean;
  /** Undefined: there is none of this address. */
  read(
    parent: Parent,
    uri: string,
  ): Promise<{ readonly text: string; readonly mimeType: string } | undefined>;
  /** The addresses of those that are no longer what they were, after this happened in the parent's chat. */
  changed(event: StreamedEvent): readonly string[];
  /** Those that a reader who comes back is to read, since something waits there. */
  waiting(parent: Parent): Promise<readonly string[]>;
}

/** The tools under one address, under the names and shapes that its clients know. */
export interface Dialect {
  readonly name: 'tidings' | '247' | 'tmux-worktree';
  /** What a client's model is told of them. */
  readonly instructions: string;
  readonly tools: readonly McpTool[];
  /** Absent: there are none. */
  readonly resources?: Resources;
}
