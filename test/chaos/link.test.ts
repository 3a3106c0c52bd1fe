// The proxies: what passes is unchanged, and a trap springs exactly at the boundary it names.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { readHttp } from './proxy/http-wire.ts';
import { Link } from './proxy/link.ts';
import { type Flight, readPostgres, refusedOf } from './proxy/postgres-wire.ts';

describe('in front of Postgres', () => {
  let database: TestDatabase;
  let link: Link<Flight>;
  let client: pg.Client;
  beforeEach(async () => {
    database = await createDatabase();
    const direct = new URL(database.superuserUrl);
    link = new Link({ upstream: () => ({ host: direct.hostname, port: Number(direct.port) }), read: readPostgres });
    const through = new URL(database.superuserUrl);
    through.port = String(await link.entrance('worker-1'));
    client = new pg.Client({ connectionString: through.href });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE TABLE t (n integer); GRANT ALL ON t TO PUBLIC');
  });
  afterEach(async () => {
    await link.shut();
    await client.end().catch(() => undefined);
    await database.close();
  });

  const insert = { name: 'insert_one', text: 'INSERT INTO t VALUES ($1)', values: [1] };
  const stored = async () => Number((await database.db('t').count('* as n'))[0]?.['n']);
  const committing = (flight: Flight) => flight.commits.includes('insert_one($1)');

  it('passes what is large and what is many, unchanged', async () => {
    const text = 'x'.repeat(3_000_000);
    expect((await client.query('SELECT $1::text AS text', [text])).rows[0].text).toBe(text);
    const many = await Promise.all(Array.from({ length: 200 }, (_, n) => client.query('SELECT $1::int AS n', [n])));
    expect(many.map((one) => one.rows[0].n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('cuts before a COMMIT is forwarded: nothing is stored', async () => {
    const trap = link.arm({ when: 'before', times: 1, matches: committing, spring: () => 'cut' });
    await client.query('BEGIN');
    await client.query(insert);
    await expect(client.query('COMMIT')).rejects.toThrow();
    expect([trap.hits, await stored()]).toEqual([1, 0]);
  });

  it('cuts after a COMMIT, before its answer: it is stored, and the client cannot know', async () => {
    const trap = link.arm({ when: 'after', times: 1, matches: committing, spring: () => 'cut' });
    await client.query('BEGIN');
    await client.query(insert);
    await expect(client.query('COMMIT')).rejects.toThrow();
    expect([trap.hits, await stored()]).toEqual([1, 1]);
  });

  it('knows a statement that commits by itself, and lets pass what it was not asked for', async () => {
    const trap = link.arm({ when: 'after', times: 1, matches: committing, spring: () => 'cut' });
    await client.query('BEGIN');
    await client.query(insert);
    await client.query('ROLLBACK');
    expect([trap.hits, await stored()]).toEqual([0, 0]);
    await expect(client.query(insert)).rejects.toThrow();
    expect([trap.hits, await stored()]).toEqual([1, 1]);
  });

  it('tells of a flight and its answer, names the payments in it, and which of them the database refused', async () => {
    const [moved, gone] = ['po01ARZ3NDEKTSV4RRFFQ69G5FAV', 'po01ARZ3NDEKTSV4RRFFQ69G5FAW'];
    const refused: (readonly string[])[] = [];
    const unwatch = link.watch(({ exchange, answer }) => {
      if (answer !== null) refused.push(refusedOf(exchange, answer));
    });
    const write = (text: string) => client.query({ name: `write_steps_${text.length}`, text, values: [[moved, gone]] });
    await write('SELECT ($1::text[])[1:1] AS moved');
    await expect(write('SELECT ($1::text[])[1:1] AS moved, 1 / 0')).rejects.toThrow('division by zero');
    expect(refused).toEqual([[gone], []]);
    unwatch();
    await write('SELECT ($1::text[])[1:1] AS moved');
    expect(refused).toHaveLength(2);
  });

  it('knows at a COMMIT what payments its database transaction was about', async () => {
    const id = 'co01ARZ3NDEKTSV4RRFFQ69G5FAV';
    const named: (readonly string[])[] = [];
    link.watch(({ exchange, answer }) => void (answer === null && named.push(exchange.ids)));
    await client.query('BEGIN');
    await client.query('SELECT $1::text', [id]);
    await client.query('COMMIT');
    await client.query('SELECT 1');
    expect(named).toEqual([[], [id], [id], []]);
  });

  it('refuses connections when it is shut, and takes them again at the same port', async () => {
    await link.shut();
    const again = new pg.Client({ host: '127.0.0.1', port: client.port, connectionTimeoutMillis: 2000 });
    await expect(again.connect()).rejects.toThrow('ECONNREFUSED');
    await link.reopen();
    const { host, port, user, password, database: name } = client;
    const third = new pg.Client({ host, port, user: user ?? '', password: password ?? '', database: name ?? '' });
    await third.connect();
    await third.end();
  });
});

describe('in front of the provider', () => {
  it('delivers late what its sender no longer waits for, and cuts an answer that was given', async () => {
    const heard: string[] = [];
    const server = createServer(async (request, response) => {
      for await (const chunk of request) heard.push(String(chunk));
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const link = new Link({ upstream: () => ({ host: '127.0.0.1', port }), read: readHttp });
    const url = `http://127.0.0.1:${await link.entrance('worker-1')}/v1/payouts`;
    const post = (body: string) => fetch(url, { method: 'POST', body });
    const matches = ({ method, path }: { method: string; path: string }) => `${method} ${path}` === 'POST /v1/payouts';

    const gate = Promise.withResolvers<'deliver'>();
    const late = link.arm({ when: 'before', times: 1, matches, spring: () => gate.promise });
    const gone = new AbortController();
    const sending = fetch(url, { method: 'POST', body: 'late', signal: gone.signal });
    await expect.poll(() => late.hits, { timeout: 10_000 }).toBe(1);
    gone.abort();
    await expect(sending).rejects.toThrow();
    expect(heard).toEqual([]);
    gate.resolve('deliver');
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['late']);

    const answered = ({ body }: { body: string }) => body === 'lost';
    const lost = link.arm({ when: 'after', times: 1, matches: answered, spring: () => 'cut' });
    await expect(post('lost')).rejects.toThrow();
    expect((await post('fine')).status).toBe(200);
    expect([heard, late.hits, lost.hits]).toEqual([['late', 'lost', 'fine'], 1, 1]);
    await link.shut();
    server.closeAllConnections();
    server.close();
  });
});
