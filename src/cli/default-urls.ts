/** Where the servers listen unless the policy file or the command line says otherwise. */
export const ADMIN_URL = 'http://127.0.0.1:8081';
export const MODEL_URL = 'http://127.0.0.1:8080';
