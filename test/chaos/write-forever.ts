/** Replaces a file over and over with contents of one byte value each, until it is killed. */
import { writeFileAtomic } from '../../files/write';

const [file, bytes] = process.argv.slice(2);
const contents = [1, 2].map((value) => Buffer.alloc(Number(bytes), value));
for (let round = 0; ; round++) {
  writeFileAtomic(file!, contents[round % 2]!);
  if (round === 0) process.send!('writing');
}
