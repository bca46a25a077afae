import { matrix } from './matrix';

matrix('process', 'vitest');
