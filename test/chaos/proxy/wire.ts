// What a proxy must know of a protocol: where one request ends, and when it has been answered.

export interface Asked<E> {
  readonly bytes: Buffer;
  /** What the bytes ask; null for bytes that belong to no request (a handshake, a goodbye). */
  readonly exchange: E | null;
}

export interface Answered {
  readonly bytes: Buffer;
  /** True when with these bytes the oldest request that was not answered yet has been. */
  readonly completes: boolean;
}

/** Reads one connection, from its first byte on. */
export interface Reader<E> {
  /** What the client has sent, as whole requests; the rest is kept for the next chunk. */
  asked(chunk: Buffer): Asked<E>[];
  /** What the server has sent, cut where an answer is complete; what is not complete is kept. */
  answered(chunk: Buffer): Answered[];
}

/** A protocol nobody looks into: bytes pass as they come. */
export function readNothing(): Reader<never> {
  return {
    asked: (bytes) => [{ bytes, exchange: null }],
    answered: (bytes) => [{ bytes, completes: false }],
  };
}
