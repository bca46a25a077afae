import { keeperPaths } from '../protocol/paths';
import { runKeeper } from './keeper';
import { OwnModules } from './own-modules';

// Arguments: the workspace's root, and the project of who starts it. What goes wrong lands in the
// keeper's log.
const [workspace, project] = process.argv.slice(2) as [string, string];
runKeeper(keeperPaths(workspace), new OwnModules([workspace, project])).catch((error) => {
  console.error(error);
  process.exit(1);
});
