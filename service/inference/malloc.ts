/**
 * glibc's malloc settings for the service's processes. By default, large short-lived buffers fragment glibc's arenas, so
 * RSS grows without a leak. These settings allow two arenas and return large blocks to the kernel. The Dockerfile sets
 * the same values.
 *
 * @see https://man7.org/linux/man-pages/man3/mallopt.3.html
 * @see https://sharp.pixelplumbing.com/install#linux-memory-allocator
 */
export const MALLOC_ENV = {
  MALLOC_ARENA_MAX: '2',
  /** Bytes. */
  MALLOC_MMAP_THRESHOLD_: '1048576',
  /** Bytes. */
  MALLOC_TRIM_THRESHOLD_: '1048576',
} as const;
