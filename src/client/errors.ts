/** What can go wrong when something is asked of the gateway: it refused, or no answer came. Owns these errors only. */

/** What the gateway refused, in its words; `message` is the `detail`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** A stable name of the kind, such as `/docs#not-found`; `about:blank` if it was not the gateway that answered. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId?: string;
  /** What is wrong with which field; `path` is dotted, empty for the whole. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  /** Files that are in the way. */
  readonly files?: readonly string[];
  /** When to come back, if it said so. */
  readonly retryAfterMs?: number;

  constructor(what: Facts) {
    super(what.detail);
    this.status = what.status;
    this.type = what.type;
    this.title = what.title;
    this.detail = what.detail;
    if (what.requestId !== undefined) this.requestId = what.requestId;
    if (what.errors !== undefined) this.errors = what.errors;
    if (what.files !== undefined) this.files = what.files;
    if (what.retryAfterMs !== undefined) this.retryAfterMs = what.retryAfterMs;
  }
}

type Facts = Omit<ProblemError, 'name' | 'message' | 'stack' | 'cause'>;

/** No answer came: the network, or the gateway is away. Whether the request was heard is not known. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
