// The provider's current access token, for programs that have to ask the provider themselves: off unless enabled, and every reading on record.
import { z } from 'zod';
import { audit } from '../../audit/audit.ts';
import { inTransaction } from '../../db/knex.ts';
import { limitsOf } from '../../limits/limits.ts';
import { defineRoute, json } from '../define-route.ts';

const read = defineRoute({
  method: 'GET',
  path: '/v1/provider/token',
  operationId: 'getProviderToken',
  tag: 'Provider',
  scope: 'provider:token',
  limit: 'reads',
  summary: "The provider's current access token",
  description:
    'Shared by all processes and renewed ahead of its end. Needs a key with the scope `provider:token`, which none has by default. Whoever has the token can move money past this service: every reading is audited.',
  responses: {
    200: {
      description: 'The token, and when it ends; null where the provider did not say.',
      schema: z
        .strictObject({
          token: z.string(),
          expiresAt: z
            .string()
            .nullable()
            .meta({ format: 'date-time', examples: ['2026-12-01T08:00:00.000Z'] }),
        })
        .meta({ id: 'ProviderToken' }),
      example: { token: 'eyJ…', expiresAt: '2026-12-01T08:00:00.000Z' },
    },
  },
  async handler({ ctx, caller, spend }) {
    const { merchantId, apiKeyId, clientAddress } = caller;
    await spend(limitsOf(ctx).providerToken, merchantId);
    const { token, expiresAt } = await ctx.provider.token();
    const until = expiresAt?.toISOString() ?? null;
    // On record before it is given away.
    await inTransaction(ctx.db, (trx) =>
      audit(trx, {
        actor: `key:${apiKeyId}`,
        action: 'provider.read_token',
        subject: merchantId,
        clientAddress,
        detail: { expiresAt: until },
      }),
    );
    const from = clientAddress === null ? {} : { clientAddress };
    ctx.log.security({ event: 'provider_token_read', merchantId, apiKeyId, ...from }, "the provider's token was read");
    return json(200, { token, expiresAt: until });
  },
});

export const providerTokenRoutes = [read];
