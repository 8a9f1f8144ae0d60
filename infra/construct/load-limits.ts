/** What the Job of a load generator can run. Without cdk8s, so that a command can ask before it loads that. */

export const MAX_LOAD_PODS = 50;
export const MAX_LOAD_SECONDS = 4 * 3600;
/** A ConfigMap holds the files in base64, and Kubernetes bounds it to 1 MiB. */
export const MAX_FILES_KIB = 700;
const MAX_FILES_BYTES = MAX_FILES_KIB * 1024;

/** Kubernetes' bound on the name of a pod of an indexed Job. */
const MAX_POD_NAME = 63;

/**
 * Keys of a ConfigMap.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-object
 */
const FILE_NAME = /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/;

/**
 * Refuses files that a ConfigMap cannot hold.
 *
 * @param field what the error names
 * @throws Error naming field, value and remedy
 */
export function checkFiles(field: string, files: Readonly<Record<string, Uint8Array>>): void {
  const refused = Object.keys(files).find((name) => !FILE_NAME.test(name));
  if (refused !== undefined) {
    throw new Error(
      `${field} must have file names of letters, digits, "-", "_" and ".": rename the file, received "${refused}"`,
    );
  }
  const bytes = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  if (bytes > MAX_FILES_BYTES) {
    throw new Error(
      `${field} must be at most ${MAX_FILES_BYTES} bytes together: send fewer images, received ${bytes}`,
    );
  }
}

/**
 * Refuses the name of a service whose Job's pods would have too long names.
 *
 * @param jobName the Job's name for this service
 * @throws Error naming field, value and remedy
 */
export function checkService(service: string, jobName: string, pods: number): void {
  const suffix = `${jobName.slice(service.length)}-${pods - 1}`;
  const max = MAX_POD_NAME - suffix.length;
  if (service.length <= max) return;
  throw new Error(
    `service must have at most ${max} characters for ${pods} pod(s), since the last one's name ends in "${suffix}", ` +
      `received ${service}`,
  );
}
