// Names in the pages' code that stand for the reader's own code.
declare function placeOrder(config: Record<string, string>): Promise<void>;
declare function migrate(url: string): Promise<void>;
declare const env: any;
