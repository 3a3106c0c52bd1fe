// Arrays as Postgres's own binary form: neither side has to escape, quote or parse a letter of them, and bytes stay bytes.

const BYTEA = 17;
const TEXT = 25;
const HEADER_BYTES = 20;
const NULL = -1;

/** A parameter of type `text[]`. */
export function textArray(values: readonly (string | null)[]): Buffer {
  return arrayOf(
    TEXT,
    values.map((value) => (value === null ? null : Buffer.from(value))),
  );
}

/** A parameter of type `bytea[]`. */
export function byteaArray(values: readonly (Buffer | null)[]): Buffer {
  return arrayOf(BYTEA, values);
}

/** One dimension from 1 on, each value after its length: `array_recv` of PostgreSQL reads it so. */
function arrayOf(type: number, values: readonly (Buffer | null)[]): Buffer {
  let size = HEADER_BYTES;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  bytes.writeInt32BE(type, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = bytes.writeInt32BE(value?.length ?? NULL, at);
    if (value !== null) at += value.copy(bytes, at);
  }
  return bytes;
}
