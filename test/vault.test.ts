// The vault: what is sealed opens with any key that is still configured, and with nothing else.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createVault } from '../src/vault.ts';

const [older, newer] = [randomBytes(32), randomBytes(32)];

test('what was sealed opens again, also after a newer key came, and is never sealed the same twice', () => {
  const before = createVault([older]);
  const after = createVault([newer, older]);
  const sealed = before.seal('+256712345678 · Ada');
  expect(after.open(sealed)).toBe('+256712345678 · Ada');
  expect(before.seal('+256712345678 · Ada').equals(sealed)).toBe(false);
  expect(() => before.open(after.seal('x'))).toThrow(/no configured DATA_ENCRYPTION_KEY/);
});

test('a changed byte is noticed, wherever it is', () => {
  const vault = createVault([older]);
  const sealed = vault.seal('Ada');
  for (let at = 0; at < sealed.length; at += 1) {
    const altered = Buffer.from(sealed);
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    expect(() => vault.open(altered)).toThrow(/altered|no configured/);
  }
});

test('fingerprints are found while keys rotate, differ by purpose, and need the key', () => {
  const print = createVault([older]).fingerprint('phone', '+256712345678');
  const rotating = createVault([newer, older]);
  expect(rotating.fingerprints('phone', '+256712345678')).toEqual([
    rotating.fingerprint('phone', '+256712345678'),
    print,
  ]);
  expect(rotating.fingerprint('phone', '+256712345678')).toEqual(
    createVault([newer]).fingerprint('phone', '+256712345678'),
  );
  expect(createVault([older]).fingerprint('account', '+256712345678')).not.toEqual(print);
  expect(createVault([newer]).fingerprint('phone', '+256712345678')).not.toEqual(print);
});

test('without a key there is no vault', () => {
  expect(() => createVault([])).toThrow(/no key/);
});

test('the fingerprint of four letters is the same however many came between', () => {
  const vault = createVault([newer]);
  const first = vault.fingerprint('last_four', '5678');
  for (let n = 0; n < 20_001; n += 1) vault.fingerprint('last_four', `${n}`.padStart(5, '0'));
  expect(vault.fingerprint('last_four', '5678')).toEqual(first);
  expect(vault.fingerprints('last_four', '5678')).toEqual([first]);
  expect(vault.fingerprint('last_four', '5679')).not.toEqual(first);
});
