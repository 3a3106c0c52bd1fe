// What a running house holds: memory and open files of each process, connections of each server.
import { readdirSync, readFileSync } from 'node:fs';
import type { Rig } from '../rig/rig.ts';

export interface Gauge {
  readonly name: string;
  readonly unit: 'MB' | 'open files' | 'connections';
  /** How much it may grow in a minute, once the house is warm. */
  readonly mostPerMinute: number;
  read(): Promise<number>;
}

const MEMORY_PER_MINUTE = 1;
/** Files and connections come and go with the load; what is lost with every payment shows as hundreds. */
const HANDLES_PER_MINUTE = 0.5;

export function gaugesOf(rig: Rig): readonly Gauge[] {
  const ofProcesses = [...rig.webs, ...rig.workers].flatMap(({ name, pid }): Gauge[] => [
    { name, unit: 'MB', mostPerMinute: MEMORY_PER_MINUTE, read: async () => memoryOf(pid) },
    { name, unit: 'open files', mostPerMinute: HANDLES_PER_MINUTE, read: async () => openFilesOf(pid) },
  ]);
  const connections = { unit: 'connections', mostPerMinute: HANDLES_PER_MINUTE } as const;
  return [
    ...ofProcesses,
    {
      ...connections,
      name: 'postgres',
      async read() {
        const { rows } = await rig.database.query<{ count: string }>('SELECT count(*) FROM pg_stat_activity');
        return Number(rows[0]?.count);
      },
    },
    {
      ...connections,
      name: 'redis',
      read: async () => Number(/connected_clients:(\d+)/.exec(await rig.redis.server.command('INFO', 'clients'))?.[1]),
    },
  ];
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
