export {
  type Answer,
  Cassette,
  type CassetteOptions,
  checkCassetteOptions,
  openCassette,
} from './cassette';
export type { SecretsOption } from './known-secrets';
export type { MatchOptions } from './matching';
export type { RedactOptions } from './redactor';
