/** Starts Swagger UI on the service's own OpenAPI document. */
const isDark = globalThis.matchMedia('(prefers-color-scheme: dark)').matches;
document.documentElement.classList.toggle('dark-mode', isDark);
globalThis.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#explorer',
  deepLinking: true,
  // Otherwise it asks a server on the internet whether the document is valid.
  validatorUrl: null,
});
