export {
  type Answer,
  Cassette,
  type CassetteOptions,
  checkCassetteOptions,
  openCassette,
} from './cassette';
export { type Drift, drift, type LiveApi } from './drift';
export { fromHar, type Har, type HarEntry, readHar, toHar, writeHar } from './har';
export type { SecretsOption } from './known-secrets';
export type { MatchOptions } from './matching';
export type { RedactOptions } from './redactor';
