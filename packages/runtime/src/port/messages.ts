/** What the client's side of a port says. */
export type ToServer =
  | {
      readonly type: "request";
      /** Chosen by the client, unique among its running requests. */
      readonly id: number;
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    }
  /** The client wants nothing more of this request. */
  | { readonly type: "cancel"; readonly id: number }
  /** The reader has taken this much of a stream: the server may send as much again. */
  | { readonly type: "taken"; readonly id: number; readonly bytes: number };

/** What the server's side says. */
export type ToClient =
  /** `body` is missing when chunks follow. */
  | {
      readonly type: "answer";
      readonly id: number;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    }
  | { readonly type: "chunk"; readonly id: number; readonly bytes: Uint8Array }
  /** The stream is over; with an error it broke. */
  | { readonly type: "end"; readonly id: number; readonly error?: string }
  /** There is no answer. */
  | { readonly type: "failed"; readonly id: number; readonly error: string };

/** Bytes of one stream that may be on their way: a reader that is busy for long holds the server back, not its memory. */
export const STREAM_WINDOW_BYTES: number = 8 * 1024 * 1024;
