// Merchants, and the people who pay and are paid: named so that one can read it, sealed, masked, found again by what reaches them.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRanges, readRange } from '../../src/address-range.ts';
import { maskAccount } from '../../src/merchants/mask.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { accountOf, openPerson, type Person, sealPerson } from '../../src/merchants/person.ts';
import { createVault } from '../../src/vault.ts';
import { createWorld, type World } from '../support/world.ts';

const vault = createVault([randomBytes(32)]);
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe('a merchant', () => {
  it('has a name that can be read, or is refused', async () => {
    expect(await createMerchant(world.db, { name: 'Duka la Mama' })).toMatchObject({ name: 'Duka la Mama' });
    await expect(createMerchant(world.db, { name: '\u202e' })).rejects.toMatchObject({ errors: [{ field: 'name' }] });
  });
});

describe('a person', () => {
  const reached: [Person, string | null][] = [
    [{ accountNumber: '0012033048', phone: '+256712345678' }, '0012033048'],
    [{ phone: '+256712345678', email: 'ada@example.com' }, '+256712345678'],
    [{ email: 'ada@example.com', tag: 'ada' }, 'ada@example.com'],
    [{ tag: 'ada' }, 'ada'],
    [{ firstName: 'Ada' }, null],
  ];

  it.each(reached)('%j is reached under %s', (person, account) => {
    expect(accountOf(person)).toBe(account);
  });

  it('is sealed whole, and found by account and by its last four, where it has so many', () => {
    const ada = sealPerson(vault, { firstName: 'Ada', phone: '+256712345678' });
    expect(openPerson(vault, ada.sealed)).toEqual({ firstName: 'Ada', phone: '+256712345678' });
    expect(ada.accountHash).toEqual(vault.fingerprint('account', '+256712345678'));
    expect(ada.lastFourHash).toEqual(vault.fingerprint('last_four', '5678'));
    expect(ada.sealed.includes('Ada')).toBe(false);
    expect(sealPerson(vault, { tag: 'ada' })).toMatchObject({ lastFourHash: null });
    expect(sealPerson(vault, { firstName: 'Ada' })).toMatchObject({ accountHash: null, lastFourHash: null });
    expect(openPerson(vault, null)).toBeNull();
  });

  it.each([
    ['+256712345678', '+25671•••5678'],
    ['ada@example.com', 'a•••@example.com'],
    ['0123456789', '••••••6789'],
    ['joseph', 'jo•••'],
  ])('%s is shown to operators as %s', (account, shown) => {
    expect(maskAccount(account)).toBe(shown);
  });
});

describe('address ranges', () => {
  it('let everybody in where there are none, and nobody where none of them can be read', () => {
    expect(inRanges([])(null)).toBe(true);
    expect(readRange('nowhere')).toBeNull();
    expect(inRanges(['nowhere'])('203.0.113.1')).toBe(false);
  });
});
