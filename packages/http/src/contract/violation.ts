/** Something that the contract does not allow. */
export interface Violation {
  /**
   * The offending place, a JSON pointer into the message: `/method`, `/path/id`, `/query/limit`,
   * `/headers/x-id`, `/status`, `/body/items/0/price`.
   */
  pointer: string;
  /** What is wrong there. Values are not shown: they may be secrets. */
  message: string;
  where: 'request' | 'response';
  /** The part of the contract that says so: `openapi.yaml#/components/schemas/Order/required`. */
  rule: string;
}
