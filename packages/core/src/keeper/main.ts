import { runKeeper } from './keeper';
import { keeperPaths } from './paths';

// Argument: the workspace's root. What goes wrong lands in the keeper's log.
runKeeper(keeperPaths(process.argv[2]!)).catch((error) => {
  console.error(error);
  process.exit(1);
});
