import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Boundary, open } from '@seamkit/core';
import { shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

emptyWorkspace();

const variables = { ...process.env };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-engine-'));
  jest.spyOn(os, 'homedir').mockReturnValue(folder);
  Object.assign(process.env, { XDG_RUNTIME_DIR: folder, DOCKER_HOST: '' });
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(process.env, variables);
  if (!variables.DOCKER_HOST) delete process.env.DOCKER_HOST;
  if (!variables.XDG_RUNTIME_DIR) delete process.env.XDG_RUNTIME_DIR;
  rmSync(folder, { recursive: true });
});

/** What is said where containers are forced: what was tried, and what to do. */
const refusal = async () => {
  const boundary = shelf({ runtime: 'container' });
  const kit = { ...boundary.kit, supports: { runtimes: ['container'] as const, prepare: true } };
  const error = await open({ it: { ...boundary, kit } as Boundary<object> }).catch(
    (error) => error,
  );
  expect(error.code).toBe('RUNTIME_UNAVAILABLE');
  return error as { tried: string[]; hint: string };
};

test.each([
  ['ssh://me@build.example.com', /does not speak ssh.*tunnel/],
  ['/var/run/docker.sock', /no address of an engine/],
  ['tcp://127.0.0.1:1', /ECONNREFUSED/],
])('DOCKER_HOST=%s', async (host, problem) => {
  process.env.DOCKER_HOST = host;
  const { tried } = await refusal();
  expect(tried).toEqual([expect.stringMatching(problem)]);
});

test("Podman's socket is not taken by itself, but named", async () => {
  mkdirSync(join(folder, 'podman'));
  const socket = join(folder, 'podman/podman.sock');
  const server = createServer().listen(socket);
  try {
    // A machine with Docker has no need for it.
    const { hint, tried } = await refusal();
    if (!tried.includes('/var/run/docker.sock: not there')) return;
    expect(hint).toContain(`export DOCKER_HOST=unix://${socket}`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("Testcontainers' own configuration counts, as that of its cloud's agent", async () => {
  writeFileSync(join(folder, '.testcontainers.properties'), 'tc.host=tcp\\://127.0.0.1\\:1\n');
  const { tried } = await refusal();
  expect(tried).toEqual([expect.stringMatching(/^tc\.host of .*: ECONNREFUSED$/)]);
});
