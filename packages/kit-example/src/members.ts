/** All that is in a space: texts by their keys. */
export type Entries = { [key: string]: string };

/** What the test gets. */
export interface ExampleMembers {
  /** For the service under test: the url of this test file's own space. */
  readonly url: string;
  /** All that is in the space now. */
  entries(): Promise<Entries>;
}
