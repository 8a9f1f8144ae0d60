import { systemErrorOf } from '../../../models/weights/hdf5-errors';

/** The end of what HDF5 2.0.0 reports on a full disk. */
const STACK = `HDF5-DIAG: Error detected in HDF5 (2.0.0):
  #000: /src/H5D.c line 1360 in H5Dwrite(): can't synchronously write data
    major: Dataset
  #016: /src/H5FDsec2.c line 775 in H5FD__sec2_write(): file write failed: time = Sat Nov 28 08:48:37 2026
, filename = 'x.h5', file descriptor = 3, errno = 51, error message = 'No space left on device', offset = 6295552
    major: Low-level I/O`;

test('a full disk is found in HDF5’s stack, and so is another fault of the system', () => {
  expect(systemErrorOf(new Error(STACK))).toMatchObject({
    ...{ code: 'ENOSPC', syscall: 'write', message: 'No space left on device' },
  });
  const other = new Error(STACK.replace('No space left on device', 'Input/output error'));
  expect(systemErrorOf(other)).toMatchObject({ code: 'EIO' });
});

test('an error without a system’s error stays as it is', () => {
  const error = new Error('does not match number of elements');
  expect(systemErrorOf(error)).toBe(error);
});
