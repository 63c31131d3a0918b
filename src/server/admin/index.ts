/** The operator's way in: a door of its own, since workers serve no admin API and do not load its framework. */
export { createAdminServer } from './admin-server.ts';
