import type { Project } from '../init-project';
import type { Import, Style } from './style';

/**
 * How `seamkit init` finds a system that a project talks to, and the first test that it writes for
 * it. Core knows boundaries by name in this folder and nowhere else: a kit that is not installed yet
 * cannot speak for itself.
 */
export interface Recipe {
  kit: string;
  /** Packages whose presence says that the project talks to it. */
  clients: readonly string[];
  /** A whole test file, which runs as it is. */
  write(style: Style, project: Project): string;
}

/** The imports of every first test. */
export function useOf(kit: string): Import[] {
  return [
    { from: '@seamkit/core', names: ['use'] },
    { from: `@seamkit/${kit}`, names: [kit] },
  ];
}

export function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, '  ');
}
