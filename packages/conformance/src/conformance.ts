import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeName } from '@seamkit/core';
import { type OpenServer, openServer } from '@seamkit/core/inspect';
import type { Capability } from './capability';
import { conformanceCases } from './cases';
import type { ConformanceCase } from './conformance-case';
import type { Harness } from './harness';
import { recorded } from './result';
import { Stage } from './stage';

/** One test for the runner of your choice. */
export interface ConformanceTest {
  name: string;
  /** What it belongs to in tables. */
  shows?: Capability;
  /** ms that the runner should allow. */
  timeout: number;
  run(): Promise<void>;
}

/** The suite on one runtime. */
export interface Suite {
  title: string;
  runtime: RuntimeName | 'local';
  tests: ConformanceTest[];
  /** Why the runtime is not available here. */
  missing?: string;
  /** After the last test: ends the servers. */
  close(): Promise<void>;
}

const timeout = 120_000;

/**
 * The conformance suite for a kit, once per runtime that it supports and this machine has; a line
 * tells of those that it lacks.
 * A runtime named in `SEAMKIT_REQUIRE` (comma-separated) that is missing gives a failing test.
 *
 * ```ts
 * for (const suite of conformance(require.resolve('./harness'))) {
 *   describe(suite.title, () => {
 *     afterAll(suite.close);
 *     test.each(suite.tests)('$name', ({ run }) => run());
 *   });
 * }
 * ```
 */
export function conformance(harnessPath: string): Suite[] {
  const harness = require(harnessPath) as Harness;
  const { kit, adopted } = harness.kit(harness.options);
  if (kit.kind !== 'server')
    return [
      recorded(kit, playable(harnessPath, kit.name, 'local', new Stage(harnessPath, 'local'))),
    ];

  const own = (['process', 'container'] as const).filter((runtime) =>
    kit.supports.runtimes.includes(runtime),
  );
  const stages = own.map((runtime) => {
    const stage = new Stage(harnessPath, runtime);
    const missing = probe(stage, runtime);
    if (missing) rmSync(stage.workspace, { recursive: true });
    return { runtime, stage, missing };
  });
  const suites = stages.map(({ runtime, stage, missing }) =>
    missing
      ? missingSuite(kit.name, runtime, missing)
      : playable(harnessPath, kit.name, runtime, stage),
  );
  if (kit.supports.runtimes.includes('external')) {
    const source = stages.find(({ missing }) => !missing);
    suites.push(
      source
        ? externalSuite(harnessPath, kit.name, source.runtime)
        : missingSuite(kit.name, 'external', 'no runtime here to start a server with'),
    );
  }
  // A runner minds a suite without tests.
  const runnable = adopted
    ? suites // of a kit on another's server: no result of the kit's own
    : suites.map((suite) => recorded(kit, suite));
  return runnable.filter(({ tests }) => tests.length > 0);
}

/** Which cases a kit owes, by what it says that it supports. */
export function owedCases(harness: Harness, runtime: Suite['runtime']): ConformanceCase[] {
  const { kit } = harness.kit(harness.options);
  const facts = {
    supports: kit.supports,
    runtime,
    server: kit.kind === 'server',
    leak: harness.leak !== undefined,
    shape: harness.changeShape !== undefined,
    list: harness.list !== undefined && kit.kind === 'server',
  };
  return conformanceCases.filter(({ owed }) => owed(facts));
}

function playable(
  harnessPath: string,
  kit: string,
  runtime: Suite['runtime'],
  stage: Stage,
): Suite {
  return {
    title: `${kit} conforms: ${runtime}`,
    runtime,
    tests: owedCases(require(harnessPath), runtime).map(({ name, shows, run }) => ({
      name,
      shows,
      timeout,
      run: () => run(stage).finally(() => stage.clear()),
    })),
    close: () => stage.strike(),
  };
}

/** Against a server that another workspace's keeper runs, as somebody else's. */
function externalSuite(harnessPath: string, kit: string, source: RuntimeName): Suite {
  const harness = require(harnessPath) as Harness;
  let home: Stage | undefined;
  let server: Promise<OpenServer> | undefined;
  let stage: Stage | undefined;
  const ready = async () => {
    home ??= new Stage(harnessPath, source);
    server ??= home.inEnvironment(() =>
      openServer(harness.kit({ ...harness.options, runtime: source })),
    );
    stage ??= new Stage(harnessPath, 'external', (await server).endpoint.url);
    return stage;
  };
  return {
    title: `${kit} conforms: external`,
    runtime: 'external',
    tests: owedCases(harness, 'external').map(({ name, shows, run }) => ({
      name,
      shows,
      timeout,
      async run() {
        const here = await ready();
        await run(here).finally(() => here.clear());
      },
    })),
    async close() {
      await stage?.strike();
      await (await server)?.close();
      await home?.strike();
    },
  };
}

function missingSuite(kit: string, runtime: RuntimeName, reason: string): Suite {
  const required = (process.env.SEAMKIT_REQUIRE ?? '').split(',').includes(runtime);
  const line = `${kit} conformance: no ${runtime} runtime here: ${inShort(reason)}`;
  process.stderr.write(`${line}\n`);
  const failing: ConformanceTest = {
    name: `SEAMKIT_REQUIRE names ${runtime}`,
    timeout,
    async run() {
      throw new Error(`${line}\n${reason}`);
    },
  };
  return {
    title: `${kit} conforms: ${runtime}`,
    runtime,
    tests: required ? [failing] : [],
    missing: reason,
    close: async () => {},
  };
}

/** What an error's list says was tried, or its first line. */
function inShort(reason: string): string {
  const tried = [...reason.matchAll(/^ {2}- (.+)$/gm)].map(([, line]) => line);
  return tried.length > 0 ? tried.join('; ') : reason.split('\n', 1)[0]!;
}

function probe(stage: Stage, runtime: RuntimeName): string | null {
  const answer = execFileSync(
    process.execPath,
    [join(__dirname, 'probe.js'), stage.harnessPath, runtime],
    {
      env: stage.env,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  );
  return JSON.parse(answer);
}
