// Deliberate errors: each says something to whoever reads it, also where nobody said more.
import { expect, test } from 'vitest';
import { InvalidRequest, ProviderRejected, RateLimited } from '../src/errors.ts';

test('a refused input says what its first field is to be, or that it is not valid', () => {
  expect(InvalidRequest.field('amount', 'not_positive', 'Send more.')).toMatchObject({
    status: 400,
    message: 'Send more.',
    errors: [{ field: 'amount', code: 'not_positive' }],
  });
  expect(new InvalidRequest([])).toMatchObject({ code: 'invalid_request', message: 'The request is not valid.' });
});

test('what the provider said is kept apart from what we say', () => {
  expect(new ProviderRejected('rejected', 'It was refused.').providerMessage).toBe('It was refused.');
  expect(new ProviderRejected('rejected', 'It was refused.', 'no').providerMessage).toBe('no');
  expect(new RateLimited('Later.', 5)).toMatchObject({ status: 429, code: 'rate_limited', retryAfterMs: 5 });
});
