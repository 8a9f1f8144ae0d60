/**
 * How glibc is to handle memory in the service's processes. By itself it gives many threads heaps of their own and learns
 * to keep ever larger blocks in them; between images and tensors, large and short-lived, gaps are left and memory grows
 * though nothing is kept. So: few heaps, and large blocks from the kernel and back to it. The Dockerfile says the same.
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
