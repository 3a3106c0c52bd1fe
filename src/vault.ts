// Seals personal data (AES-256-GCM) and makes keyed fingerprints of it for search; knows nothing of where either is stored.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { InvariantBroken } from './errors.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;
/** Of phones there are ten thousand; of account numbers with letters as many as there is room for. */
const MOST_LAST_FOURS = 20_000;

export interface Vault {
  /** Encrypts text; the result carries the key's id, so that old rows stay readable while keys rotate. */
  seal(text: string): Buffer;
  /** Decrypts what `seal` made with any of the configured keys. Raises InvariantBroken when no key fits or a byte was changed. */
  open(sealed: Buffer): string;
  /** Whether `seal` of today made it: what has another key has to be sealed anew before that key may go. */
  isCurrent(sealed: Buffer): boolean;
  /** HMAC-SHA256 under a derived key: equal texts give equal fingerprints, and without the key a phone range cannot be tried out. */
  fingerprint(purpose: Purpose, text: string): Buffer;
  /** The same under every configured key, newest first: what is looked for may have been stored before the key was changed. */
  fingerprints(purpose: Purpose, text: string): readonly Buffer[];
  /** The ids of the configured keys as hexadecimal digits, newest first; they tell nothing about the keys. */
  readonly keyIds: readonly [string, ...string[]];
}
type Purpose = 'phone' | 'last_four' | 'account' | 'cursor';

// Drawn from the system many at a time: one by one they would cost as much as the sealing.
const ivs = Buffer.alloc(IV_BYTES * 256);
let ivsUsed = ivs.length;
function freshIv(): Buffer {
  if (ivsUsed === ivs.length) {
    randomFillSync(ivs);
    ivsUsed = 0;
  }
  ivsUsed += IV_BYTES;
  return ivs.subarray(ivsUsed - IV_BYTES, ivsUsed);
}

/** `keys`: 32-byte keys. The first seals and makes fingerprints; all of them open. */
export function createVault(keys: readonly Buffer[]): Vault {
  const derived = (key: Buffer, purpose: string) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  // KeyObjects, made once: from a Buffer Node makes one for every call, which costs several times the cipher itself.
  const secret = (key: Buffer, purpose: string) => createSecretKey(derived(key, purpose));
  const sealing = keys.map((key) => ({
    id: derived(key, 'key-id').subarray(0, KEY_ID_BYTES),
    key: secret(key, 'seal'),
  }));
  const [newest, ...others] = sealing;
  if (newest === undefined) throw new InvariantBroken('the vault has no key');
  const fingerprinting = keys.map((key) => secret(key, 'fingerprint'));
  const print = (key: KeyObject, purpose: Purpose, text: string) =>
    createHmac('sha256', key).update(`${purpose}:${text}`).digest();
  const lastFours = new Map<string, Buffer>();
  function lastFour(text: string): Buffer {
    let known = lastFours.get(text);
    if (known === undefined) {
      if (lastFours.size >= MOST_LAST_FOURS) lastFours.clear();
      known = print(fingerprinting[0] as KeyObject, 'last_four', text);
      lastFours.set(text, known);
    }
    return known;
  }

  return {
    seal(text) {
      const iv = freshIv();
      const cipher = createCipheriv('aes-256-gcm', newest.key, iv);
      const sealed = cipher.update(text, 'utf8');
      cipher.final();
      return Buffer.concat([newest.id, iv, cipher.getAuthTag(), sealed]);
    },
    open(sealed) {
      const id = sealed.subarray(0, KEY_ID_BYTES);
      const entry = sealing.find((candidate) => candidate.id.equals(id));
      if (entry === undefined) throw new InvariantBroken('no configured DATA_ENCRYPTION_KEY opens this row');
      const iv = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + IV_BYTES);
      const body = sealed.subarray(KEY_ID_BYTES + IV_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', entry.key, iv);
      decipher.setAuthTag(body.subarray(0, TAG_BYTES));
      try {
        return decipher.update(body.subarray(TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch (error) {
        throw new InvariantBroken('sealed data was altered', { cause: error });
      }
    },
    isCurrent: (sealed) => sealed.subarray(0, KEY_ID_BYTES).equals(newest.id),
    fingerprint: (purpose, text) =>
      purpose === 'last_four' ? lastFour(text) : print(fingerprinting[0] as KeyObject, purpose, text),
    fingerprints: (purpose, text) => fingerprinting.map((key) => print(key, purpose, text)),
    keyIds: [newest.id.toString('hex'), ...others.map(({ id }) => id.toString('hex'))],
  };
}

/** SHA-256, for identity of long random or public things (a token, a body). Never for a phone or a name: those take `fingerprint`. */
export function digest(content: string | Buffer): Buffer {
  return hash('sha256', content, 'buffer');
}

/** The same as 44 characters of base64. */
export function digestText(content: string | Buffer): string {
  return hash('sha256', content, 'base64');
}
