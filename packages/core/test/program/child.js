// Looks for a program in a process of its own: `node child.js '{"spec":…,"where":…}'`.
const { findProgram } = require('../../dist/program/find');

const { spec, where } = JSON.parse(process.argv[2]);
const step = (_title, work) => work(() => {});
findProgram(spec, { ...where, step, log() {} }).then(
  ({ path }) => process.stdout.write(path),
  (error) => {
    process.stderr.write(error.message);
    process.exitCode = 1;
  },
);
