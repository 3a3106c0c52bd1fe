// The Idempotency-Key header, and what makes two requests under one key the same request.
import { InvalidRequest } from '../errors.ts';
import { digestText } from '../vault.ts';
import { canonicalJson } from './strict-json.ts';

const KEY = /^[A-Za-z0-9_.-]{16,128}$/;
const HEADER = 'Idempotency-Key';

/** The key, bare or as a quoted structured-field string, which mean the same. Raises InvalidRequest naming the header. */
export function readIdempotencyKey(header: string | undefined): string {
  if (header === undefined)
    throw InvalidRequest.field(
      HEADER,
      'required',
      'Send an Idempotency-Key header, a new one for every new payment: a repetition under the same key is answered, not paid again.',
    );
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!KEY.test(key))
    throw InvalidRequest.field(
      HEADER,
      'invalid_idempotency_key',
      'Send one Idempotency-Key of 16 to 128 characters of A-Z, a-z, 0-9, "_", "." and "-", such as a UUID.',
    );
  return key;
}

/** What makes two requests the same: their path parameters and bodies, whatever the order of the keys. */
export function requestHash(params: unknown, body: unknown): string {
  return digestText(canonicalJson([params, body]));
}

/** The same for a file, byte for byte: what it means is found out only when it is read. `about` is what goes with it. */
export function fileHash(about: unknown, file: Buffer): string {
  return digestText(canonicalJson([about, digestText(file)]));
}
