/** How many pods a rate of requests takes: as the autoscaler of the HPA variant decides, from the CPU time of an image. */

const GIB = 2 ** 30;

/**
 * CPU time of an image, milliseconds: that of real pods if this architecture and precision were measured there, else at most
 * what the answer took just now. One thread decodes, all of them infer, and they also wait for each other.
 */
export function cpuMsOf({ measured }, { architecture, precision, threads }, answer) {
  const isMeasured = measured?.architecture === architecture && measured.precision === precision;
  return isMeasured
    ? { cpuMs: measured.cpuMsPerImage, isMeasured }
    : { cpuMs: answer.timeMs.decode + answer.timeMs.inference * threads, isMeasured };
}

/** The pods that the autoscaler keeps: so many that they use its target share of the CPU they request. */
export function sizeOf(deployment, cpuMs, requestsPerSecond) {
  const { requests, room, minReplicas, maxReplicas, targetCpuPercent } = deployment;
  const cpuMillisPerPod = (requests.cpuMillis * targetCpuPercent) / 100;
  const pods = Math.max(minReplicas, Math.ceil((requestsPerSecond * cpuMs) / cpuMillisPerPod));
  const misfit =
    pods > room
      ? `does not fit: room for ${room}`
      : pods > maxReplicas
        ? `more than its maximum, ${maxReplicas}`
        : undefined;
  return {
    pods,
    cores: (pods * requests.cpuMillis) / 1000,
    gibibytes: (pods * requests.memoryBytes) / GIB,
    misfit,
  };
}

function rowOf(model, { pods, cores, gibibytes, misfit }) {
  const row = document.createElement('tr');
  row.classList.toggle('misfit', misfit !== undefined);
  const texts = [model, pods, cores.toFixed(1), gibibytes.toFixed(1), misfit ?? 'fits'];
  row.append(
    ...texts.map((text, i) => {
      const cell = document.createElement(i === 0 ? 'th' : 'td');
      if (i === 0) cell.scope = 'row';
      cell.textContent = text;
      return cell;
    }),
  );
  return row;
}

/**
 * Fills the table; a model without an answer or without a deployment has no row. Returns whether the CPU times are those of
 * real pods, or undefined if there is no row.
 */
export function showSizes(body, deployments, metadata, answers, requestsPerSecond) {
  const sized = deployments.flatMap((deployment) => {
    const answer = answers.find(({ model }) => model === deployment.model);
    const about = metadata.get(deployment.model);
    if (answer === undefined || about === undefined) return [];
    const { cpuMs, isMeasured } = cpuMsOf(deployment, about, answer);
    return [{ row: rowOf(deployment.model, sizeOf(deployment, cpuMs, requestsPerSecond)), isMeasured }];
  });
  body.replaceChildren(...sized.map(({ row }) => row));
  return sized.length === 0 ? undefined : sized.every(({ isMeasured }) => isMeasured);
}
