// Who calls: an API key in the Authorization header, its scope, and the address it is used from.
import type { Context } from '../context.ts';
import { Forbidden, Unauthenticated } from '../errors.ts';
import { findApiKey, type Scope } from '../merchants/api-key.ts';
import { noteUse } from '../merchants/key-use.ts';
import type { Caller } from '../transactions/accept.ts';
import type { HttpContext } from './exchange.ts';

const BEARER = /^Bearer +([\x21-\x7e]{1,200})$/i;

/**
 * Authenticates the request. Raises Unauthenticated, the very same for a missing, malformed, unknown, revoked or expired key and
 * one of the other environment; Forbidden when the key lacks the scope (`insufficient_scope`) or is used from elsewhere
 * (`address_not_allowed`). The query is never looked at.
 */
export async function authenticate(ctx: Context, c: HttpContext, scope: Scope): Promise<Caller> {
  const exchange = c.get('exchange');
  const { requestId, clientAddress } = exchange;
  const from = clientAddress === null ? {} : { clientAddress };
  const header = c.req.header('authorization');
  const secret = BEARER.exec(header ?? '')?.[1];
  const key = secret === undefined ? null : await findApiKey(ctx, secret);
  if (key === null) {
    const event = header === undefined ? 'api_key_missing' : 'api_key_refused';
    ctx.log.security({ event, requestId, ...from }, 'a request without a valid API key was refused');
    throw new Unauthenticated();
  }
  exchange.merchantId = key.merchantId;
  exchange.apiKeyId = key.id;
  const who = { requestId, apiKeyId: key.id, merchantId: key.merchantId, ...from };
  if (!key.allows(clientAddress)) {
    ctx.log.security(
      { event: 'api_key_address_refused', ...who },
      'an API key was used from an address it may not be used from',
    );
    throw new Forbidden('This API key may not be used from this address.', 'address_not_allowed');
  }
  if (!key.scopes.has(scope)) {
    ctx.log.security({ event: 'api_key_scope_refused', ...who }, 'an API key was used beyond its scopes');
    throw new Forbidden(`This API key lacks the scope ${scope}.`, 'insufficient_scope');
  }
  noteUse(ctx, key.id, clientAddress);
  return { merchantId: key.merchantId, apiKeyId: key.id, clientAddress };
}
