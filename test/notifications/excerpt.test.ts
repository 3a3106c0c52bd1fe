// What is kept of an endpoint's answer: nothing of the person, and nothing that could do harm where it is shown.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealPerson } from '../../src/merchants/person.ts';
import { excerptOf } from '../../src/notifications/excerpt.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const about = () => sealPerson(world.vault, { firstName: 'Zoë', lastName: 'Okello', phone: '+256712345678' });

test('is what the person is not named in', () => {
  expect(excerptOf(world, about(), 'paid Zoë OKELLO at +256712345678, zoe@example.com')).toBe(
    'paid ... ... at ..., ...',
  );
  expect(excerptOf(world, { sealed: null }, 'paid somebody who was erased since')).toBe('...');
  expect(excerptOf(world, null, 'call 0712345678')).toBe('call ...');
});

test('is plain characters only, and not many', () => {
  expect(excerptOf(world, null, '<script>\u0007\u001b[2J\u202e"é🙂\\')).toBe(
    '\\x3cscript\\x3e\\x07\\x1b[2J\\u{202e}\\x22\\xe9\\u{1f642}\\x5c',
  );
  expect(excerptOf(world, null, '\u0000'.repeat(900))).toHaveLength(1000);
  expect(excerptOf(world, null, null)).toBeNull();
});
