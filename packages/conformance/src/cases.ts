import { crashCases } from './cases/crash';
import { hookCases } from './cases/hooks';
import { mannersCases } from './cases/manners';
import { prepareCases } from './cases/prepare';
import { resetCases } from './cases/reset';
import { secrecyCases } from './cases/secrecy';
import { serverCases } from './cases/server';
import { shapeCases } from './cases/shape';
import { sharedServerCases } from './cases/shared-server';
import type { ConformanceCase } from './conformance-case';

/** The suite. Each case has the stage for itself; servers stay warm between cases. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...mannersCases,
  ...serverCases,
  ...resetCases,
  ...prepareCases,
  ...hookCases,
  ...shapeCases,
  ...crashCases,
  ...sharedServerCases,
  ...secrecyCases,
];
