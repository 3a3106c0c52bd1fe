// Seals personal data (AES-256-GCM) and makes keyed fingerprints of it for search; knows nothing of where either is stored.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  randomFillSync,
} from 'node:crypto';
import { InvariantBroken } from './errors.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;

export interface Vault {
  /** Encrypts text; the result carries the key's id, so that old rows stay readable while keys rotate. */
  seal(text: string): Buffer;
  /** Decrypts what `seal` made with any of the configured keys. Raises InvariantBroken when no key fits or a byte was changed. */
  open(sealed: Buffer): string;
  /** HMAC-SHA256 under a derived key: equal texts give equal fingerprints, and without the key a phone range cannot be tried out. */
  fingerprint(purpose: 'phone' | 'last_four' | 'account' | 'answer', text: string): Buffer;
}

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

/** `keys`: 32-byte keys, newest first. Fingerprints use the last (oldest) key, so that rotation does not make old rows unfindable. */
export function createVault(keys: readonly Buffer[]): Vault {
  const derived = (key: Buffer, purpose: string) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  // KeyObjects, made once: from a Buffer Node makes one for every call, which costs several times the cipher itself.
  const secret = (key: Buffer, purpose: string) => createSecretKey(derived(key, purpose));
  const sealing = keys.map((key) => ({
    id: derived(key, 'key-id').subarray(0, KEY_ID_BYTES),
    key: secret(key, 'seal'),
  }));
  const newest = sealing[0];
  const oldest = keys.at(-1);
  if (newest === undefined || oldest === undefined) throw new InvariantBroken('the vault has no key');
  const fingerprinting = secret(oldest, 'fingerprint');

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
    fingerprint(purpose, text) {
      return createHmac('sha256', fingerprinting).update(`${purpose}:${text}`).digest();
    },
  };
}

/** SHA-256, for identity of long random or public things (a token, a body). Never for a phone or a name: those take `fingerprint`. */
export function digest(content: string | Buffer): Buffer {
  return hash('sha256', content, 'buffer');
}
