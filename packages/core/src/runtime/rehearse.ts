import type { ProcessContext, Program, ServerModule } from '../contract';
import type { StackContext } from '../contract-stack';
import { DownloadAhead } from '../program/download-ahead';
import { findProgram } from '../program/find';
import { kitVariable } from '../variables';

/** What a kit's start would run. */
export interface Rehearsal {
  /** Programs of this machine, in the order in which the kit asked for them. */
  programs: Program[];
  /** What would be fetched first, in words. */
  download?: string;
  image?: string;
}

/** Thrown where a start would begin to make things. */
class Curtain extends Error {
  constructor() {
    super('a rehearsal ends here');
  }
}

/**
 * Runs a kit's own start, as the keeper would for a request without options, up to the first thing
 * that it would make: nothing is downloaded, and no server starts. Package lists are read anew where
 * the cache has none of today, and a program of an npm package may be copied into the cache.
 * @throws SeamkitError as the start would: `BINARY_NOT_FOUND`, `VERSION_UNAVAILABLE`,
 * `DOWNLOAD_FAILED`, `FOLDER_UNUSABLE`
 */
export async function rehearse(
  { name, server }: { name: string; server: string },
  runtime: 'process' | 'container',
  tell: (text: string) => void,
): Promise<Rehearsal> {
  const { server: module } = require(server) as { server: ServerModule };
  const rehearsal: Rehearsal = { programs: [] };
  const image = kitVariable(name, 'IMAGE');
  const request = { settings: {}, image: runtime === 'container' ? image : undefined };
  try {
    if (runtime === 'process') await module.process?.(request, processStage());
    else await module.container?.(request, containerStage());
  } catch (error) {
    if (error instanceof DownloadAhead) rehearsal.download = error.message;
    else if (!(error instanceof Curtain)) throw error;
  }
  return rehearsal;

  function processStage(): ProcessContext {
    return {
      ...stage,
      async program(spec) {
        const program = await findProgram(spec, {
          kit: name,
          path: process.env.PATH ?? '',
          from: process.cwd(),
          step: (title, work) =>
            work((text) => tell(`${name}: ${title}: ${text}`), new AbortController().signal),
          log() {},
          rehearsal: true,
        });
        rehearsal.programs.push(program);
        return program;
      },
      cached: curtain,
      folder: curtain,
      file: curtain,
      port: curtain,
      run: curtain,
      spawn: curtain,
    };
  }

  function containerStage(): StackContext {
    return {
      ...stage,
      async start(image) {
        rehearsal.image = image;
        throw new Curtain();
      },
      engine: curtain,
      pull: curtain,
      program: curtain,
      run: curtain,
      own() {},
      ended() {},
    };
  }
}

async function curtain(): Promise<never> {
  throw new Curtain();
}

const stage = {
  kit: '',
  defer() {},
  log() {},
  secret: () => 'secret',
  step: curtain,
  ready: curtain,
};
