import type { Program, ProgramSpec } from '../contract';
import type { Search, Where } from './find';

/** From the distribution's packages: comes next. */
export async function debianProgram(
  _spec: ProgramSpec,
  _where: Where,
  search: Search,
): Promise<Omit<Program, 'sibling'> | undefined> {
  search.tried.push('packages of the distribution: not looked at');
  return undefined;
}
