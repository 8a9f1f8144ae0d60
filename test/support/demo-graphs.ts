/**
 * Cache folder of the demo models' graphs for a whole run of Jest: the first test that needs a graph exports it, which takes
 * up to half a minute.
 */
export const DEMO_GRAPHS = process.env['TANDEM_TEST_GRAPHS']!;
