import { mediaType } from '../cassette/content';
import { type BreakingChange, compareSchemas } from './compare-schemas';
import type { Contract } from './contract';
import type { Located } from './document';
import type { Operation } from './operations';

export type { BreakingChange } from './compare-schemas';

/**
 * What of `after` breaks a client that was written for `before`: requests that are no longer
 * accepted, and answers that lose what they promised, or hold what they did not. Empty where every
 * such client still works.
 */
export function compareContracts(before: Contract, after: Contract): BreakingChange[] {
  const now = new Map(after.operations.all().map((operation) => [keyOf(operation), operation]));
  return before.operations.all().flatMap((operation) => {
    const other = now.get(keyOf(operation));
    if (other) return new Comparison(before, after, operation.name).operation(operation, other);
    const pointer = before.document.shown(operation.node.at);
    return [
      { operation: operation.name, pointer, where: 'request', message: 'the operation is gone' },
    ];
  });
}

/** The names in a template are no part of what a client sends. */
function keyOf({ name }: Operation): string {
  return name.replace(/\{[^}]*\}/g, '{}');
}

class Comparison {
  readonly #before: Contract;
  readonly #after: Contract;
  readonly #operation: string;
  readonly #changes: BreakingChange[] = [];

  constructor(before: Contract, after: Contract, operation: string) {
    this.#before = before;
    this.#after = after;
    this.#operation = operation;
  }

  operation(before: Operation, after: Operation): BreakingChange[] {
    this.#parameters(before, after);
    this.#requestBody(before.node, after.node);
    this.#security(before, after);
    this.#responses(before.node, after.node);
    return this.#changes;
  }

  #parameters(before: Operation, after: Operation): void {
    const old = this.#before.parameters(before);
    const names = pathNames(before);
    for (const parameter of this.#after.parameters(after)) {
      const { name, in: place, required } = parameter.value;
      // By its position in the path, which may have another name now.
      const position = pathNames(after).indexOf(name);
      const was = old.find(({ value }) =>
        place === 'path'
          ? value.in === 'path' && value.name === names[position]
          : value.in === place && value.name.toLowerCase() === name.toLowerCase(),
      );
      const title = `the ${place} parameter '${name}'`;
      if (!was) {
        if (required) this.#report('request', parameter, `${title} is new, and required`);
        continue;
      }
      if (required && !was.value.required)
        this.#report('request', parameter, `${title} is required now`);
      this.#schemas('request', was, parameter, title);
    }
  }

  #requestBody(before: Located, after: Located): void {
    const was = this.#before.document.child(before, 'requestBody');
    const is = this.#after.document.child(after, 'requestBody');
    if (!is) {
      if (was) this.#report('request', after, 'the body is gone');
      return;
    }
    if (is.value.required && !was?.value.required)
      this.#report('request', is, 'the body is required now');
    if (was) this.#content('request', was, is);
  }

  #responses(before: Located, after: Located): void {
    const now = new Map(
      this.#after.document.children(this.#after.document.child(after, 'responses')),
    );
    for (const [status, was] of this.#before.document.children(
      this.#before.document.child(before, 'responses'),
    )) {
      const is = now.get(status) ?? now.get(`${status[0]}XX`);
      if (!is) {
        this.#report('response', after, `the answer ${status} is gone`);
        continue;
      }
      this.#content('response', was, is);
      this.#headers(was, is);
    }
  }

  #headers(before: Located, after: Located): void {
    const now = this.#after.document.children(this.#after.document.child(after, 'headers'));
    for (const [name, was] of this.#before.document.children(
      this.#before.document.child(before, 'headers'),
    )) {
      const is = now.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
      if (!is) {
        this.#report('response', after, `the header '${name}' is gone`);
        continue;
      }
      if (was.value.required && !is.value.required) {
        this.#report('response', is, `the header '${name}' may be missing now`);
      }
      this.#schemas('response', was, is, `the header '${name}'`);
    }
  }

  #content(where: 'request' | 'response', before: Located, after: Located): void {
    const now = this.#after.document.children(this.#after.document.child(after, 'content'));
    for (const [type, was] of this.#before.document.children(
      this.#before.document.child(before, 'content'),
    )) {
      const wanted = mediaType(type).type;
      const is = now.find(([other]) => mediaType(other).type === wanted)?.[1];
      if (!is) this.#report(where, after, `the content type ${type} is gone`);
      else this.#schemas(where, was, is, 'the body');
    }
  }

  #schemas(where: 'request' | 'response', before: Located, after: Located, title: string): void {
    const was = this.#before.document.child(before, 'schema');
    const is = this.#after.document.child(after, 'schema');
    if (!was || !is) {
      if (where === 'request' && is) this.#report(where, is, `${title} has a schema now`);
      if (where === 'response' && was)
        this.#report(where, after, `${title} has no schema any more`);
      return;
    }
    const sides = [this.#before, this.#after].map((contract) => contract.schemas(where).converted);
    for (const { at, message } of compareSchemas(where, [sides[0]!, was.at], [sides[1]!, is.at])) {
      this.#report(where, { value: {}, at }, message ? `${title}${message}` : title);
    }
  }

  /** A client that did without credentials must still do. */
  #security(before: Operation, after: Operation): void {
    const [was, is] = [[this.#before, before] as const, [this.#after, after] as const].map(
      ([{ document }, { node }]) =>
        (node.value.security ?? document.root.value.security ?? []) as object[],
    );
    const accepted = (schemes: object) =>
      is!.length === 0 || is!.some((other) => Object.keys(other).every((name) => name in schemes));
    const old = was!.length === 0 ? [{}] : was!;
    for (const schemes of old) {
      if (accepted(schemes)) continue;
      const names = Object.keys(schemes).join(' and ') || 'nothing';
      this.#report('request', after.node, `credentials: ${names} was enough, and is no longer`);
    }
  }

  #report(where: BreakingChange['where'], { at }: Located, message: string): void {
    const pointer = this.#after.document.shown(at);
    this.#changes.push({ operation: this.#operation, pointer, where, message });
  }
}

function pathNames({ name }: Operation): string[] {
  return [...name.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!);
}
