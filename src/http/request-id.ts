// The request id: the caller's own if it is plain, else a fresh one; in the answer, in the log and in every problem.
import { randomBytes } from 'node:crypto';

const PLAIN = /^[A-Za-z0-9_-]{8,64}$/;
const POOL_BYTES = 4096;
const ID_BYTES = 12;

let pool = randomBytes(POOL_BYTES);
let used = 0;

/** 16 letters of base64url: 96 random bits, drawn in bulk. */
function freshId(): string {
  if (used + ID_BYTES > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('base64url', used - ID_BYTES, used);
}

/** `given` is the X-Request-Id header; anything but 8 to 64 of `[A-Za-z0-9_-]` is replaced, so that nothing else is echoed or logged. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && PLAIN.test(given) ? given : freshId();
}
