export { Bystanders } from './bystanders';
export { Engine } from './engine';
export { type Process, processes } from './processes';
export { Project, type ProjectOptions } from './project';
export { type Ending, Run } from './run';
export { type RunnerName, runnerNames, runners } from './runners';
export type { Boundary } from './test-file';
export { until } from './until';
export { type Sight, Watch } from './watch';
