/** Replaces a file over and over with contents of one byte value each, until it is killed. */
import { writeFileAtomic } from '../../files/write';

const [file, bytes] = process.argv.slice(2);
process.send!('writing');
for (let round = 0; ; round++) writeFileAtomic(file!, Buffer.alloc(Number(bytes), 1 + (round % 2)));
