/** What is used of the package `ioredis`. */
export interface RedisPackage {
  readonly Redis: new (url: string, options: RedisOptions) => RedisClient;
}

export interface RedisOptions {
  readonly lazyConnect: boolean;
  readonly connectTimeout: number;
  readonly commandTimeout: number;
  readonly maxRetriesPerRequest: number;
  readonly retryStrategy: (times: number) => number;
  readonly connectionName: string;
}

export interface RedisClient {
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  on(event: 'end' | 'ready', listener: () => void): unknown;
  disconnect(): void;
}
