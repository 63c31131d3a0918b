/** What is used of the package `pg`. */
export interface PostgresPackage {
  readonly Pool: new (options: PostgresOptions) => PostgresPool;
  readonly Client: new (options: PostgresOptions) => PostgresClient;
}

export interface PostgresOptions {
  readonly connectionString: string;
  readonly max?: number;
  readonly connectionTimeoutMillis: number;
  readonly query_timeout: number;
  readonly keepAlive: boolean;
  readonly application_name: string;
}

export type Row = Readonly<Record<string, unknown>>;

export interface PostgresQuerying {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

export interface PostgresPool {
  connect(): Promise<PostgresQuerying & { release(isBroken?: boolean): void }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PostgresClient) => void): unknown;
  end(): Promise<void>;
}

export interface PostgresClient extends PostgresQuerying {
  connect(): Promise<unknown>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (told: { readonly payload?: string }) => void): unknown;
  end(): Promise<void>;
}
