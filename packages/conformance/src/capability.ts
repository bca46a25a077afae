/** What the cases show, for the tables that tell of it. */
export const capabilities = {
  isolation: 'files that run at the same time see nothing of each other',
  reset:
    'each test finds its sandbox empty, or as the one before found it, also after a failed test',
  prepare:
    'what `prepare` left is the baseline; it runs once for all who share a server, and again when its inputs change',
  hooks:
    'what the hooks of a file wrote before its first test is there before each of its tests, and for nobody else; what hooks write after a test is gone',
  leftovers: 'a client that a test left behind, with unfinished work, does not hold up the reset',
  crashes:
    'a test process, a server or the keeper that is killed leaves nothing, and costs no other run',
  traces: 'what is given back, or belonged to a run that is over, is gone from the server',
  secrecy: 'servers listen on loopback only, with passwords of their own that nobody else is told',
  manners:
    'what is written can be read; options that make no sense are refused with a code and a hint',
} as const;

export type Capability = keyof typeof capabilities;
