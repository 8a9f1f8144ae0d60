import { toServiceError } from '../../service/errors';

test.each([
  [{ code: 'ECONNRESET' }, 'BAD_REQUEST'],
  [{ status: 400 }, 'BAD_REQUEST'],
  // Express says so of a file of the page itself: the installation is broken.
  [{ status: 404 }, 'INTERNAL'],
  [{ status: 500 }, 'INTERNAL'],
  [new Error('unknown'), 'INTERNAL'],
  [undefined, 'INTERNAL'],
])('what is thrown, %p, becomes %s', (thrown, code) => {
  expect(toServiceError(thrown)).toMatchObject({ code });
});
