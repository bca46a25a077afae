/** Preloaded by processes that play another machine: its clock is off by CONFORMANCE_SKEW ms. */
const skew = Number(process.env.CONFORMANCE_SKEW);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given: []) {
    super(...((given.length ? given : [RealDate.now() + skew]) as []));
  }
  static override now(): number {
    return RealDate.now() + skew;
  }
} as DateConstructor;
