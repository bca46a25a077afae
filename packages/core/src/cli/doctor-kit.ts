import type { RuntimeName, ServerKit } from '../contract';
import { driverOn } from '../driver-on';
import { type ErrorData, SeamkitError } from '../errors';
import { findTestcontainers } from '../runtime/container';
import { connectEngine } from '../runtime/engine';
import { hasImage } from '../runtime/pull';
import { rehearse } from '../runtime/rehearse';
import { chooseRuntime, containersUsable } from '../test-process/choose-runtime';
import { checkExternalUrl } from '../test-process/external-host';
import { kitVariable, kitVariableName } from '../variables';
import { withoutPassword } from '../without-password';
import type { InstalledKit } from './installed-kits';
import { tell } from './output';

/** A runtime of a kit, on this machine. */
export interface RuntimeReport {
  runtime: RuntimeName;
  usable: boolean;
  /** Of the server, where it is known without a start. */
  version?: string;
  /** Path of the program, or the image. Absent where it comes by a download. */
  program?: string;
  /** What it would run, and from where; or why it cannot. */
  detail: string;
  /** What to do, where it is not usable or something comes first. */
  next?: string;
  problem?: ErrorData;
}

export interface KitReport {
  kit: string;
  package: string;
  version: string;
  /** What the next test would run on, and why. `local`: the kit has no server. */
  choice?: { runtime: RuntimeName | 'local'; reason: string };
  /** Why there is no choice. */
  problem?: ErrorData;
  runtimes: RuntimeReport[];
}

/** Examines a kit by the same steps that a test would go through, short of starting a server. */
export async function examineKit(installed: InstalledKit): Promise<KitReport> {
  const { name, version, boundary } = installed;
  const about = { kit: name, package: installed.package, version };
  const { kit } = boundary;
  if (kit.kind !== 'server') {
    return {
      ...about,
      choice: { runtime: 'local', reason: 'it lives in the test process' },
      runtimes: [],
    };
  }
  const choice = await chooseRuntime(kit, {}).catch(asData);
  const chosen = 'runtime' in choice ? choice : undefined;
  const runtimes = await Promise.all(
    kit.supports.runtimes.map((runtime) =>
      examine[runtime](kit).catch((error) => unusable(runtime, error)),
    ),
  );
  if (!chosen) return { ...about, problem: choice as ErrorData, runtimes };
  const { runtime, reason } = chosen;
  return { ...about, choice: { runtime, reason }, runtimes };
}

type Examine = (kit: ServerKit<any, any>) => Promise<RuntimeReport>;

const examine: Record<RuntimeName, Examine> = {
  async external(kit) {
    const runtime = 'external';
    const url = kitVariable(kit.name, 'URL');
    if (!url) {
      return { runtime, usable: false, detail: `${kitVariableName(kit.name, 'URL')} is not set` };
    }
    checkExternalUrl(kit.name, url);
    const boundary = { kit, options: {}, plan: {}, folder: process.cwd() };
    const driver = await driverOn(boundary, { url }, { owner: 'doctor', warn: tell });
    await driver.close();
    return { runtime, usable: true, detail: `answers at ${withoutPassword(url)}` };
  },

  async container(kit) {
    const runtime = 'container';
    const probe = await containersUsable(kit);
    if (!probe.usable) {
      return { runtime, usable: false, detail: probe.reason, next: probe.next };
    }
    const { image } = await rehearse(kit, 'container', tell);
    const engine = await connectEngine(findTestcontainers(kit.server));
    const here = await hasImage(engine, image!, undefined);
    return {
      runtime,
      usable: true,
      program: image,
      detail: here ? `image ${image} is here` : `image ${image} will be pulled at the first start`,
      next: here ? undefined : `docker pull ${image}`,
    };
  },

  async process(kit) {
    const runtime = 'process';
    const { programs, download } = await rehearse(kit, 'process', tell);
    const [program] = programs;
    const found = programs.map(({ path, source }) => `${path} (${source})`).join(', ');
    return {
      runtime,
      usable: true,
      version: program?.version,
      program: program?.path,
      detail: download
        ? `will download ${download} at the first start`
        : found || 'asks for no program',
    };
  },
};

function unusable(runtime: RuntimeName, error: unknown): RuntimeReport {
  const problem = asData(error);
  return { runtime, usable: false, detail: problem.summary, next: problem.hint, problem };
}

function asData(error: unknown): ErrorData {
  return SeamkitError.wrap(error, 'START_FAILED', 'this could not be looked into').toData();
}
