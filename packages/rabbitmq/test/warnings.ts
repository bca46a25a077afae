/** What the running test is warned of, in a file that calls `watchWarnings` at its top. */
export const warnings: string[] = [];

/** Not progress of a first download, nor the choice of the runtime (`SEAMKIT_LOG=info`). */
const news = / as (process|container|external) |^seamkit rabbitmq: /;

export function watchWarnings(): void {
  beforeEach(() => {
    warnings.length = 0;
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      if (!news.test(String(text))) warnings.push(String(text));
      return true;
    });
  });
  afterEach(() => jest.restoreAllMocks());
}
