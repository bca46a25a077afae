import { matrix } from './matrix';

matrix('process', 'node');
