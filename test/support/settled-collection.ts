// A collection that has come in: accepted, prompted, and settled on the provider's word.
import { createCollection, type NewCollection } from '../../src/collections/create.ts';
import { collectionFlow } from '../../src/collections/flow.ts';
import { advance } from '../../src/transactions/advance.ts';
import { NEW_COLLECTION } from './new-payout.ts';
import type { World } from './world.ts';

/** Gives its id. */
export async function settledCollection(world: World, of: Partial<NewCollection> = {}): Promise<string> {
  const request = world.request({ route: 'POST /v1/collections' });
  const answer = await createCollection(world, world.caller, request, { ...NEW_COLLECTION, ...of });
  const { id } = JSON.parse(answer.body);
  await advance(world, collectionFlow, id, { cause: 'worker', actor: 'worker', insists: false });
  world.provider.rule(id, { status: 'successful' });
  await advance(world, collectionFlow, id, { cause: 'webhook', actor: 'webhook:test', insists: true });
  return id;
}
