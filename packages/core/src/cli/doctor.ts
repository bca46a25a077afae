import { join } from 'node:path';
import { examineKit, type KitReport, type RuntimeReport } from './doctor-kit';
import { type EngineReport, examineMachine, type MachineReport } from './doctor-machine';
import { type BrokenKit, installedKits, isServerKit } from './installed-kits';
import { columns, paint, type Result, size } from './output';

/** Room that the largest download and its server take, in bytes. */
const diskWanted = 500e6;
const memoryWanted = 512e6;
/** Servers and a runner's workers open hundreds; PostgreSQL alone wants 1,000. */
const openFilesWanted = 1_024;

interface Report {
  ok: boolean;
  machine: MachineReport;
  kits: KitReport[];
  broken: BrokenKit[];
  /** What to do, in this order. */
  next: string[];
}

/** `seamkit doctor`: fails where a kit could not be used, or the machine lacks what all need. */
export async function doctor(): Promise<Result> {
  const { kits, broken } = installedKits();
  const places = kits.filter(isServerKit).map(({ boundary }) => boundary.kit.server);
  const [machine, ...reports] = await Promise.all([
    examineMachine([...places, join(process.cwd(), 'package.json')]),
    ...kits.map(examineKit),
  ]);
  const next = [
    ...machineNext(machine),
    ...broken.map(
      ({ package: name, reason }) => `${name} does not load (${reason}): install it anew`,
    ),
    ...reports.flatMap(kitNext),
    ...(reports.length
      ? []
      : [
          'no kit is installed here: seamkit init tells which, or e.g. npm install --save-dev @seamkit/postgres',
        ]),
  ];
  const report: Report = {
    ok: next.length === 0,
    machine,
    kits: reports,
    broken,
    next: [...new Set(next)],
  };
  return { data: report, lines: render(report), failed: !report.ok };
}

function machineNext({ node, cache, data, limits }: MachineReport): string[] {
  const next: string[] = [];
  if (!node.ok) next.push(`install Node ${node.wanted} (this is ${node.version})`);
  if ('problem' in cache) next.push(`${cache.problem.summary}: ${cache.problem.hint}`);
  else if (cache.free < diskWanted) {
    next.push(
      `free some space for ${cache.folder} (${size(cache.free)} left): seamkit clean --cache, or set SEAMKIT_CACHE`,
    );
  }
  if (data.free < diskWanted) {
    next.push(
      `free some space in ${data.folder} (${size(data.free)} left): seamkit clean --leftovers`,
    );
  }
  if (limits.openFiles && limits.openFiles < openFilesWanted) {
    next.push(`raise the limit of open files, ${limits.openFiles}: ulimit -n ${openFilesWanted}`);
  }
  if (limits.memory < memoryWanted) {
    next.push(`give this machine more memory than ${size(limits.memory)}`);
  }
  return next;
}

function kitNext({ kit, choice, problem, runtimes }: KitReport): string[] {
  if (problem) return [`${kit}: ${problem.hint ?? problem.summary}`];
  const chosen = runtimes.find(({ runtime }) => runtime === choice!.runtime);
  if (!chosen || chosen.usable) return [];
  return [`${kit}: ${chosen.next ?? chosen.detail}`];
}

function render({ ok, machine, kits, broken, next }: Report): string[] {
  const lines = [paint('bold', 'Machine'), ...indent(columns(machineRows(machine)))];
  const local = kits.filter(({ choice }) => choice?.runtime === 'local');
  if (local.length) {
    const names = local.map(({ kit }) => paint('bold', kit)).join(', ');
    lines.push('', `${names}  no server: in the test process`);
  }
  for (const { kit, package: name, version, choice, problem, runtimes } of kits) {
    if (choice?.runtime === 'local') continue;
    const verdict = choice ? `${choice.runtime}: ${choice.reason}` : paint('red', problem!.summary);
    lines.push('', `${paint('bold', kit)}  ${verdict}  ${paint('dim', `${name} ${version}`)}`);
    lines.push(...indent(columns(runtimes.map((one) => runtimeRow(one, choice?.runtime)))));
    for (const { problem, runtime } of runtimes) {
      if (runtime !== choice?.runtime) continue;
      lines.push(...(problem?.tried ?? []).map((line) => `      tried ${line}`));
      lines.push(...(problem?.log ?? []).map((line) => `      | ${line}`));
    }
    lines.push(...(problem?.tried ?? []).map((line) => `    tried ${line}`));
  }
  for (const { package: name, reason } of broken) {
    lines.push('', `${paint('bold', name)}  ${paint('red', 'does not load')}`, `  ${reason}`);
  }
  lines.push('', ok ? paint('green', 'All is well.') : paint('bold', 'Next'));
  return [...lines, ...next.map((line) => `  ${paint('yellow', '→')} ${line}`)];
}

function machineRows({ node, platform, workspace, engine, cache, data, limits }: MachineReport) {
  return [
    ['node', `${node.version} (${node.wanted} wanted), ${platform}`],
    ['workspace', workspace],
    ['engine', engineText(engine)],
    [
      'cache',
      'problem' in cache
        ? cache.problem.summary
        : `${cache.folder}: ${size(cache.bytes)}, ${size(cache.free)} free on its disk`,
    ],
    [
      'data',
      `in ${data.folder}${data.inMemory ? ' (memory)' : ''}, ${size(data.free)} free` +
        (data.shm !== undefined && !data.inMemory ? `; /dev/shm has only ${size(data.shm)}` : ''),
    ],
    [
      'limits',
      `${limits.openFiles ? `${limits.openFiles} open files, ` : ''}${size(limits.memory)} of memory, ${size(limits.freeMemory)} free`,
    ],
  ];
}

function engineText(engine: EngineReport): string {
  const library = engine.testcontainers
    ? `testcontainers ${engine.testcontainers}`
    : 'testcontainers is not installed';
  if (!engine.reachable) {
    const [first, ...others] = engine.tried;
    const tried = others.length ? `looked at ${engine.tried.length} places, ${first}, …` : first;
    return `none answers (${tried}), ${library}`;
  }
  const traits = [
    engine.version && `Docker ${engine.version}`,
    engine.system,
    engine.rootless && 'rootless',
    engine.remote && `its ports at ${engine.host}`,
    engine.problem,
    library,
  ].filter(Boolean);
  return `answers at ${engine.address} (${traits.join(', ')})`;
}

function runtimeRow(
  { runtime, usable, version, detail, next }: RuntimeReport,
  chosen?: string,
): string[] {
  const mark = usable ? paint('green', 'yes') : runtime === chosen ? paint('red', 'no') : 'no';
  const hint = next && runtime !== chosen ? paint('dim', ` (${next})`) : '';
  return [runtime === chosen ? '>' : ' ', runtime, mark, version ?? '', `${detail}${hint}`];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
