export declare const operations: Record<string, unknown>;
export declare function build(folder: string): void;
export declare function outcomes(
  folder: string,
  names?: string[],
): Promise<Record<string, unknown>>;
