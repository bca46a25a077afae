/** What a test lacks here, in words; nothing where it can run. */
type Missing = string | false | undefined;

type Titled<Body> = (title: string, body: Body, timeout?: number) => void;

/**
 * `test`, or where something is missing a skipped one whose title says what: the end of a run
 * (`summary.ts`) tells these reasons.
 * @param runtime the runtime that is missing: where `SEAMKIT_REQUIRE` names it, the test fails
 */
export function testUnless(
  missing: Missing,
  runtime?: string,
): Titled<jest.ProvidesCallback> & { each: jest.Each } {
  return missing ? instead(test, missing, runtime) : test;
}

/** The same for `describe`: its tests are skipped, or one in their place fails. */
export function describeUnless(
  missing: Missing,
  runtime?: string,
): Titled<() => void> & { each: jest.Each } {
  return missing ? instead(describe, missing, runtime) : describe;
}

function instead(run: jest.It | jest.Describe, missing: string, runtime = ''): any {
  const required = (process.env.SEAMKIT_REQUIRE ?? '').split(',').includes(runtime);
  const failing = (title: string) =>
    test(title, () => {
      throw new Error(`SEAMKIT_REQUIRE names ${runtime}: ${missing}`);
    });
  const because = (title: string) => `${title} (skipped: ${missing.split('\n', 1)[0]})`;
  const skip = run.skip as jest.It;
  const skipped = (title: string, body: () => void) => skip(because(title), body);
  const skippedEach = (table: readonly unknown[]) => (title: string, body: () => void) =>
    skip.each(table)(because(title), body);
  return required && runtime
    ? Object.assign(failing, { each: () => failing })
    : Object.assign(skipped, { each: skippedEach });
}
