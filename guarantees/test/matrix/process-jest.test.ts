import { matrix } from './matrix';

matrix('process', 'jest');
