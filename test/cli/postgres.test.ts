import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { HostDescription } from '../../src/protocols/messages.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { clock, random } from '../store/ports.ts';
import { password, PostgresServer } from '../store/postgres/server.ts';
import { methodsFile } from './methods.ts';
import type { Ended } from './program.ts';
import { Program } from './program.ts';
import { describeWithPostgres } from '../store/postgres/describe.ts';

describeWithPostgres('a cluster on PostgreSQL', () => {
  vi.setConfig({ testTimeout: 120_000 });

  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 180_000);
  afterAll(() => server.dispose());

  const programs: Program[] = [];
  afterAll(async () => {
    for (const program of programs) program.signal('SIGTERM');
    await Promise.all(programs.map(({ ended }) => ended));
  });

  /** A user's folders on some machine: nothing in them but what godwit puts there. */
  class Machine {
    readonly folder: string;
    readonly #store: string;

    private constructor(folder: string, store: string) {
      this.folder = folder;
      this.#store = store;
    }

    static async create(store: string): Promise<Machine> {
      return new Machine(await mkdtemp(join(tmpdir(), 'godwit-machine-')), store);
    }

    start(...args: readonly string[]): Program {
      const environment = { GODWIT_STORE: this.#store, XDG_STATE_HOME: this.folder, HOME: this.folder };
      const program = new Program(args, this.folder, environment);
      programs.push(program);
      return program;
    }

    run(...args: readonly string[]): Promise<Ended> {
      return this.start(...args).ended;
    }
  }

  /** What every user of this machine can see of its processes. */
  function commandLines(): string {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return ''; // It has ended.
        }
      })
      .join('\n');
  }

  test('a URL is all that hosts and commands of different machines need of each other', async () => {
    const store = server.url('cluster');
    const [one, other, third] = await Promise.all([1, 2, 3].map(() => Machine.create(store)));
    if (one === undefined || other === undefined || third === undefined) throw new Error('three were made');
    const hosts = [
      one.start('host', '--name', 'a', '--set', 'lanes=1'),
      other.start('host', '--name', 'b', '--set', 'lanes=1'),
    ];
    await Promise.all(hosts.map((host) => host.line(/is up at/)));
    await writeFile(join(third.folder, 'work.js'), methodsFile);
    const listed = await third.run('hosts', '--json');
    const names = (JSON.parse(listed.stdout) as readonly HostDescription[]).map(
      ({ identity }) => identity.name,
    );
    expect(names).toEqual(['a', 'b']);
    const ran = await Promise.all(
      ['a', 'b'].map((host) => third.run('run', 'work.js#double', '21', '--wait', '--on', host)),
    );
    for (const { code, stdout } of ran) expect([code, stdout]).toEqual([0, '42\n']);
    // The secret stands in the store alone.
    expect(await readdir(join(one.folder, 'godwit'))).toEqual(['packages']);
    expect(await readdir(third.folder)).not.toContain('godwit');
  });

  test('a cluster of one machine comes up by `up`, and shows its password to nobody', async () => {
    const machine = await Machine.create(server.url('up'));
    const up = machine.start('up', '--hosts', '2', '--json');
    await up.line(/"event":"up"/);
    const [escaped, plain] = [encodeURIComponent(password), password];
    const lines = commandLines();
    expect(lines).toContain('r1-h2');
    const { stdout, stderr } = await machine.run('hosts');
    up.signal('SIGINT');
    const ended = await up.ended;
    expect(ended.stdout).toContain('postgres://godwit:***@127.0.0.1');
    for (const text of [lines, stdout, stderr, ended.stdout, ended.stderr]) {
      expect(text.includes(escaped) || text.includes(plain)).toBe(false);
    }
  });

  test('a command finds no cluster where none was started, and makes nothing there', async () => {
    const store = server.url('nothing');
    const machine = await Machine.create(store);
    const { code, stderr } = await machine.run('ps');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^No cluster at postgres:\/\/godwit:\*\*\*@.*schema nothing.*\[NO_CLUSTER\]/s);
    const looked = openStore(store, { ...storeOptions({ clock, random }), mayCreate: false });
    await expect(looked).rejects.toMatchObject({ code: 'STORE_ABSENT' });
  });
});
