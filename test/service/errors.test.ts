import { toServiceError } from '../../service/errors';

test.each([
  ['request.aborted', 'BAD_REQUEST'],
  ['entity.unknown', 'INTERNAL'],
  // A name that every object has is no error of body-parser's.
  ['toString', 'INTERNAL'],
])('an error of type %s becomes %s', (type, code) => {
  expect(toServiceError({ type })).toMatchObject({ code });
});
