import { fault } from '../../../kernel/index.ts';

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [];

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const countOf = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;

export const unsupported = (field: string, remedy: string): Error =>
  fault('BRS_FIELD_UNSUPPORTED', { field, remedy }, { param: field });

export const wrongType = (field: string, expected: string): Error =>
  fault('BRS_FIELD_TYPE', { field, expected }, { param: field });
