import { toServiceError } from '../../service/errors';

test.each([
  ['request.aborted', 'BAD_REQUEST'],
  ['entity.unknown', 'INTERNAL'],
  // A property that every object inherits is not an error type of body-parser.
  ['toString', 'INTERNAL'],
])('an error of type %s becomes %s', (type, code) => {
  expect(toServiceError({ type })).toMatchObject({ code });
});
