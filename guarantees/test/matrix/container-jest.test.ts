import { matrix } from './matrix';

matrix('container', 'jest');
