import type { Program, ProgramSpec, StartContext } from '../contract';
export async function findProgram(
  _spec: ProgramSpec,
  _where: {
    kit: string;
    path: string;
    from: string;
    step: StartContext['step'];
    log(line: string): void;
  },
): Promise<Program> {
  throw new Error('not yet');
}
