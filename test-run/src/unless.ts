/** What a test lacks here, in words; nothing where it can run. */
type Missing = string | false | undefined;

type Titled = (title: string, body: jest.ProvidesCallback, timeout?: number) => void;

/**
 * `test`, or where something is missing a skipped one whose title says what: the end of a run
 * (`summary.ts`) tells these reasons.
 * @param runtime the runtime that is missing: where `SEAMKIT_REQUIRE` names it, the test fails
 */
export function testUnless(missing: Missing, runtime?: string): Titled & { each: jest.Each } {
  if (!missing) return test;
  if (isRequired(runtime)) {
    const failing: Titled = (title) => test(title, () => refuse(runtime, missing));
    return Object.assign(failing, {
      each: (() => (title: string) => failing(title, () => {})) as unknown as jest.Each,
    });
  }
  const skipped: Titled = (title) => test.skip(because(title, missing), () => {});
  return Object.assign(skipped, {
    each: ((table: readonly unknown[]) => (title: string, body: () => void) =>
      test.skip.each(table)(because(title, missing), body)) as unknown as jest.Each,
  });
}

/** The same for `describe`: its tests are skipped, or one in their place fails. */
export function describeUnless(missing: Missing, runtime?: string) {
  return (title: string, body: () => void): void => {
    if (!missing) describe(title, body);
    else if (isRequired(runtime)) test(title, () => refuse(runtime, missing));
    else describe.skip(because(title, missing), body);
  };
}

function because(title: string, missing: string): string {
  return `${title} (skipped: ${missing.split('\n', 1)[0]})`;
}

function isRequired(runtime: string | undefined): runtime is string {
  const required = (process.env.SEAMKIT_REQUIRE ?? '').split(',');
  return runtime !== undefined && required.includes(runtime);
}

function refuse(runtime: string, missing: string): never {
  throw new Error(`SEAMKIT_REQUIRE names ${runtime}: ${missing}`);
}
