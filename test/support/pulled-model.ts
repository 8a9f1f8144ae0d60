/** What tests of `tandem pull` compare. */
import { loadClassifier } from '../../models/weights/load-classifier';
import { variables, type Weights } from '../../models/weights/weights';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

/** Names of the weights that a saved model lacks, has beside, or has other than these in any bit. */
export async function differing(modelDir: string, weights: Weights): Promise<string[]> {
  const classifier = await loadClassifier(modelDir);
  const found = variables(classifier);
  const isSame = (name: string) => {
    const [ours, theirs] = [found.get(name), weights.get(name)];
    if (ours === undefined || theirs === undefined) return false;
    return bytesOf(ours.read().dataSync()).equals(bytesOf(theirs.values));
  };
  const names = [...new Set([...found.keys(), ...weights.keys()])].filter((name) => !isSame(name));
  classifier.dispose();
  return names;
}
