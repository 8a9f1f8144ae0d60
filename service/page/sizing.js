/** How many pods a rate of requests takes, from the times just measured and the requests of the manifests. */

const GIB = 2 ** 30;

/**
 * What one model needs for a rate, at least: a pod classifies one image at a time, so it answers at most 1000 / busyMs
 * images per second. Requests wait less with more pods.
 */
export function sizeOf({ requests, room }, busyMs, requestsPerSecond) {
  const pods = Math.max(1, Math.ceil((requestsPerSecond * busyMs) / 1000));
  return {
    pods,
    cores: (pods * requests.cpuMillis) / 1000,
    gibibytes: (pods * requests.memoryBytes) / GIB,
    verdict: pods <= room ? 'fits' : `does not fit: room for ${room}`,
  };
}

/** Fills the table; a model without an answer or without a deployment has no row. Returns the number of rows. */
export function showSizes(body, deployments, busyMs, requestsPerSecond) {
  const rows = deployments
    .filter(({ model }) => busyMs.has(model))
    .map((deployment) => {
      const size = sizeOf(deployment, busyMs.get(deployment.model), requestsPerSecond);
      const cells = [
        deployment.model,
        size.pods,
        size.cores.toFixed(1),
        size.gibibytes.toFixed(1),
        size.verdict,
      ];
      const row = document.createElement('tr');
      row.classList.toggle('misfit', size.pods > deployment.room);
      row.append(
        ...cells.map((text, i) => {
          const cell = document.createElement(i === 0 ? 'th' : 'td');
          if (i === 0) cell.scope = 'row';
          cell.textContent = text;
          return cell;
        }),
      );
      return row;
    });
  body.replaceChildren(...rows);
  return rows.length;
}
