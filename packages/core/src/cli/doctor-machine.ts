import { existsSync, readFileSync } from 'node:fs';
import { freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type ErrorData, SeamkitError } from '../errors';
import { cacheFolder } from '../program/cache-folder';
import { findWorkspace } from '../project/workspace';
import { findTestcontainers } from '../runtime/container';
import { memoryFolder, roomNeeded } from '../runtime/data-folder';
import { connectEngine } from '../runtime/engine';
import { openFilesLimit } from '../system/open-files';
import { findEngine } from '../test-process/find-engine';
import { bytesFree, bytesIn } from './disk';

/** What every kit needs of the machine. Sizes in bytes; absent where this system does not tell. */
export interface MachineReport {
  node: { version: string; wanted: string; ok: boolean };
  platform: string;
  workspace: string;
  engine: EngineReport;
  cache: { folder: string; bytes: number; free: number } | { problem: ErrorData };
  data: { folder: string; free: number; inMemory: boolean; shm?: number };
  limits: { openFiles?: number; memory: number; freeMemory: number };
}

export interface EngineReport {
  reachable: boolean;
  /** Where it answers, or what was tried. */
  address?: string;
  tried: string[];
  testcontainers?: string;
  version?: string;
  system?: string;
  rootless?: boolean;
  /** Where its containers' ports are; `remote`: not on this machine. */
  host?: string;
  remote?: boolean;
  problem?: string;
}

/** @param places files of the packages that may have Testcontainers: the kits', and the project's */
export async function examineMachine(places: readonly string[]): Promise<MachineReport> {
  const { engines } = require('../../package.json') as { engines: { node: string } };
  return {
    node: { version: process.versions.node, wanted: engines.node, ok: newEnough(engines.node) },
    platform: `${process.platform} ${process.arch}`,
    workspace: findWorkspace(),
    engine: await examineEngine(places),
    cache: await examineCache(),
    data: dataFolder(),
    limits: { openFiles: openFilesLimit(), ...memory() },
  };
}

async function examineEngine(places: readonly string[]): Promise<EngineReport> {
  const { engine, tried } = await findEngine();
  const report: EngineReport = { reachable: engine !== undefined, address: engine, tried };
  const [library] = places.flatMap(testcontainersOf);
  if (!library) return report;
  try {
    report.testcontainers = versionOf(library);
    if (!engine) return report;
    const { client, local } = await connectEngine(library);
    const info = await client.container.dockerode.info();
    report.version = info.ServerVersion;
    report.system = info.OperatingSystem;
    report.rootless = (info.SecurityOptions ?? []).some((option: string) =>
      option.includes('rootless'),
    );
    report.host = client.info.containerRuntime.host;
    report.remote = !local;
  } catch (error) {
    report.problem = (error as Error).message.split('\n')[0];
  }
  return report;
}

function testcontainersOf(place: string): string[] {
  try {
    return [findTestcontainers(place)];
  } catch {
    return [];
  }
}

async function examineCache(): Promise<MachineReport['cache']> {
  try {
    const folder = cacheFolder();
    return { folder, bytes: await bytesIn(folder), free: bytesFree(folder) };
  } catch (error) {
    return { problem: SeamkitError.wrap(error, 'FOLDER_UNUSABLE', 'no cache').toData() };
  }
}

function dataFolder(): MachineReport['data'] {
  const shm = existsSync(memoryFolder) ? bytesFree(memoryFolder) : undefined;
  const inMemory = shm !== undefined && shm >= roomNeeded;
  const folder = inMemory ? memoryFolder : tmpdir();
  return { folder, free: bytesFree(folder), inMemory, shm };
}

function memory(): { memory: number; freeMemory: number } {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return { memory: total, freeMemory: Math.min(freemem(), total) };
}

function newEnough(wanted: string): boolean {
  const numbers = (text: string) => text.match(/\d+/g)!.map(Number);
  const [[major, minor = 0], [ours, ourMinor]] = [
    numbers(wanted) as [number, number?],
    numbers(process.versions.node) as [number, number],
  ];
  return ours > major || (ours === major && ourMinor >= minor);
}

function versionOf(library: string): string | undefined {
  try {
    const [root] = /^.*node_modules[\\/]testcontainers(?=[\\/])/.exec(library)!;
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
