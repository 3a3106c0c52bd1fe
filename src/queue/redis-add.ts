// Adds many jobs to a queue in Redis by one command: BullMQ's own script, run once for each of them.
import type { Queue } from 'bullmq';
import { addStandardJob } from 'bullmq/dist/esm/scripts/addStandardJob-9.js';
import type { RedisClient } from '../redis.ts';
import { JOB_NAME, JOB_OPTIONS, type JobData, type NewJob } from './store.ts';

// `addBulk` sends a command for each job, which costs this process four times as much as all of this. The file's name says how many
// keys the script takes; a release of BullMQ that changes them has no such file.
const ADD_JOBS = `
local function add(KEYS, ARGV)
${addStandardJob.content}
end
local options = cmsgpack.pack(cjson.decode(ARGV[4]))
for i = 5, #ARGV, 2 do
  add(KEYS, { cmsgpack.pack({ ARGV[1], ARGV[i], ARGV[2], ARGV[3] }), ARGV[i + 1], options })
end
`;
const KEYS = ['wait', 'paused', 'meta', 'id', 'completed', 'delayed', 'active', 'events', 'marker'];
const OPTIONS = JSON.stringify(JOB_OPTIONS);
const OPTIONS_AHEAD = JSON.stringify({ ...JOB_OPTIONS, lifo: true });

interface WithAddJobs {
  addJobs?(...keysAndValues: (string | number)[]): Promise<unknown>;
}

/** Adds the jobs in their order, all of them ahead of what waits or none of them. Raises what Redis raises. */
export async function addJobs(
  redis: RedisClient,
  queue: Queue<JobData>,
  jobs: readonly NewJob[],
  ahead: boolean,
): Promise<void> {
  const client: RedisClient & WithAddJobs = redis;
  if (client.addJobs === undefined)
    redis.defineCommand('addJobs', { numberOfKeys: addStandardJob.keys, lua: ADD_JOBS });
  const keys = KEYS.map((key) => queue.toKey(key));
  const each = jobs.flatMap(({ jobId, data }) => [jobId, JSON.stringify(data)]);
  await client.addJobs?.(...keys, queue.toKey(''), JOB_NAME, Date.now(), ahead ? OPTIONS_AHEAD : OPTIONS, ...each);
}
