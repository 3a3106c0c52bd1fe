// Passwords of administrators: made, judged, hashed with scrypt, and checked at the same cost whether the person exists or not.
import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { RateLimited } from '../errors.ts';

/** 32 MB and about a quarter of a second: one of the settings ASVS names for scrypt. A stored hash carries its own. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const LEAST_LENGTH = 15;
const MOST_LENGTH = 256;
/** One at a time, or a flood of logins would take memory and processor from payments; the rest is told to come back. */
const MOST_AT_ONCE = 1;
const MOST_WAITING = 6;
const COME_BACK_MS = 5_000;

interface Stored {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MOST_AT_ONCE) {
    if (waiting.length >= MOST_WAITING)
      throw new RateLimited('Too many people are signing in at this moment. Try again in a few seconds.', COME_BACK_MS);
    // Whoever ends hands its turn over, so that nobody can slip in between.
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

function derive(password: string, salt: Buffer, { N, r, p }: Pick<Stored, 'N' | 'r' | 'p'>): Promise<Buffer> {
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  // Two keyboards may write one letter in two ways.
  const text = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, HASH_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** Gives `scrypt$N=32768,r=8,p=3$<salt>$<hash>`. Raises RateLimited when too many are being hashed. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await inTurn(() => derive(password, salt, COST));
  return `scrypt$N=${COST.N},r=${COST.r},p=${COST.p}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

const FORM = /^scrypt\$N=([0-9]{1,8}),r=([0-9]{1,3}),p=([0-9]{1,3})\$([A-Za-z0-9+/=]{20,})\$([A-Za-z0-9+/=]{40,})$/;

function read(stored: string | null): Stored | null {
  const [, N, r, p, salt, hash] = FORM.exec(stored ?? '') ?? [];
  if (salt === undefined || hash === undefined) return null;
  const bytes = { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  return { N: Number(N), r: Number(r), p: Number(p), ...bytes };
}

const NOBODY: Stored = { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

/**
 * Whether it is the password; with `stored` null (nobody by that name) it costs the same and is wrong. `outdated`: it is right, but
 * was hashed with other settings than today's. Raises RateLimited when too many are being checked.
 */
export async function checkPassword(
  password: string,
  stored: string | null,
): Promise<{ readonly right: boolean; readonly outdated: boolean }> {
  const known = read(stored);
  const { hash, salt, ...cost } = known ?? NOBODY;
  const given = await inTurn(() => derive(password, salt, cost));
  const right = given.length === hash.length && timingSafeEqual(given, hash) && known !== null;
  return { right, outdated: right && (cost.N !== COST.N || cost.r !== COST.r || cost.p !== COST.p) };
}

/** What is wrong with a password that somebody chose, as a sentence; null when it will do. */
export function passwordProblem(password: string, email: string): string | null {
  const length = [...password].length;
  if (length < LEAST_LENGTH || length > MOST_LENGTH) return `Give ${LEAST_LENGTH} to ${MOST_LENGTH} characters.`;
  if (new Set(password).size < 6) return 'Give at least six different characters.';
  const name = email.split('@')[0]?.toLowerCase() ?? '';
  if (name.length > 3 && password.toLowerCase().includes(name))
    return 'Leave the name of the e-mail address out of it.';
  return null;
}

// Without letters and digits that look alike.
const LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const GROUPS = 4;

/** Four groups of five letters and digits, such as `h3Vty-…`: some 115 random bits. */
export function generatePassword(): string {
  const group = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}
