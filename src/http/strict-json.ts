// Request bodies: raw bytes up to a limit, and JSON without the forms that two readers could understand differently.
import { isUtf8 } from 'node:buffer';
import { InvalidRequest } from '../errors.ts';

/** For JSON routes; the largest sensible request is a few kilobytes. */
export const JSON_LIMIT_BYTES = 64 * 1024;
const DEPTH_LIMIT = 20;

const refused = (code: string, message: string, status = 400) => new InvalidRequest([], { code, message, status });
const malformed = (message: string) => refused('invalid_json', message);

/**
 * The body's bytes, never more than `limit` of them in memory. Raises InvalidRequest with status 413 for a longer one and 415
 * for one with a Content-Encoding (a small body could unpack into an endless one).
 */
export async function readBody(request: Request, limit: number): Promise<Buffer> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    throw refused('unsupported_encoding', 'Send the body as it is, without Content-Encoding.', 415);
  const tooLarge = () => refused('body_too_large', `Send a body of at most ${limit} bytes.`, 413);
  const declared = request.headers.get('content-length');
  if (declared !== null && !(Number(declared) <= limit)) throw tooLarge();
  try {
    // Node's parser gives exactly as many bytes as were declared, so a declared length within the limit needs no counting.
    const bytes = declared === null ? await readCounting(request, limit) : Buffer.from(await request.arrayBuffer());
    if (bytes === null || bytes.length > limit) throw tooLarge();
    return bytes;
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    throw refused('body_incomplete', 'The body ended before it was complete. Send it again.');
  }
}

/** Null as soon as the body turns out longer than `limit`. */
async function readCounting(request: Request, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Raises InvalidRequest with status 415 unless the body is declared as JSON: a form on a foreign page can send the other types. */
export function expectJson(contentType: string | null): void {
  if (contentType === null || !/^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(contentType))
    throw refused('unsupported_media_type', 'Send the body as JSON, with "Content-Type: application/json".', 415);
}

/**
 * Reads one JSON object. Raises InvalidRequest for whatever JSON.parse would let pass or repair: bytes that are not UTF-8, a byte
 * order mark, a key given twice, `\u0000`, half surrogate pairs, nesting beyond 20, and keys that reach into prototypes.
 */
export function parseObject(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) throw malformed('Send a JSON object as the body; it is empty.');
  if (!isUtf8(bytes)) throw malformed('Send the body in UTF-8; some of its bytes are not.');
  const text = bytes.toString('utf8');
  if (text.charCodeAt(0) === 0xfeff) throw malformed('Send the body without a byte order mark.');
  const written = outline(text);
  if (written.depth > DEPTH_LIMIT) throw malformed(`Nest at most ${DEPTH_LIMIT} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(
      'The body is not valid JSON: check quotes, commas and braces, and that nothing follows the object.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('Send a JSON object, such as {"amount": "2000"}.');
  // Without a backslash nothing was written that the bytes, known to be UTF-8, did not show.
  if (keysIn(value, text.includes('\\')) !== written.keys)
    throw malformed('A key is given twice in one object. Give each key once.');
  return value as Record<string, unknown>;
}

/** How deep the text nests and how many keys it writes, whether or not they survive parsing. Of valid JSON only. */
function outline(text: string): { depth: number; keys: number } {
  let depth = 0;
  let deepest = 0;
  let keys = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x3a) keys += 1;
    else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
  return { depth: deepest, keys };
}

/**
 * Counts the keys that parsing left over, and refuses names and texts that could do harm further in; what a text holds can only do
 * so where something was `escaped`. Depth is known to be small.
 */
function keysIn(value: unknown, escaped: boolean): number {
  if (typeof value === 'string') {
    if (!escaped) return 0;
    if (value.includes('\0')) throw malformed('A text holds \\u0000. Leave it out.');
    if (!value.isWellFormed()) throw malformed('A text holds half of a surrogate pair. Send whole characters.');
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += keysIn(item, escaped);
    return keys;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      throw malformed('A key is named __proto__, constructor or prototype. Choose another name.');
    keysIn(key, escaped);
    keys += 1 + keysIn((value as Record<string, unknown>)[key], escaped);
  }
  return keys;
}

/** One text for one meaning: keys in one order, no spaces. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(inOrder(value));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const object = value as Record<string, unknown>;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(object).sort()) ordered[key] = inOrder(object[key]);
  return ordered;
}
