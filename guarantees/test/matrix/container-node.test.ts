import { matrix } from './matrix';

matrix('container', 'node');
