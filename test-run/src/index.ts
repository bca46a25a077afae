export { ownConfiguration } from './environment';
export { describeUnless, testUnless } from './unless';
