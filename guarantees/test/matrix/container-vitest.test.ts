import { matrix } from './matrix';

matrix('container', 'vitest');
